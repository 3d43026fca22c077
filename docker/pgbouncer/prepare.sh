#!/bin/sh
# Creates the TLS files of Postgres, PgBouncer and their clients once: a certificate for both servers in /keys, the
# certificate of the signing authority in /ca, and the list of roles for PgBouncer. The signing key is deleted.
set -eu
umask 077

if [ ! -e /keys/server.crt ]; then
  work=$(mktemp -d)
  openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 \
    -subj '/CN=Vouchsafe database' -keyout "$work/ca.key" -out "$work/ca.crt"
  openssl req -new -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes \
    -subj '/CN=postgres' -keyout "$work/server.key" -out "$work/server.csr"
  printf 'subjectAltName=DNS:postgres,DNS:pgbouncer\n' > "$work/names"
  openssl x509 -req -in "$work/server.csr" -CA "$work/ca.crt" -CAkey "$work/ca.key" -days 3650 \
    -extfile "$work/names" -out "$work/server.crt"
  cp "$work/ca.crt" /ca/ca.crt
  cp "$work/server.key" "$work/server.crt" /keys/
  rm -rf "$work"
  chmod 644 /ca/ca.crt
fi

{
  printf '"vouchsafe_app" "%s"\n' "$APP_PASSWORD"
  printf '"vouchsafe_worker" "%s"\n' "$WORKER_PASSWORD"
} > /keys/userlist.txt
chown -R 999:999 /keys
