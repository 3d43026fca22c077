-- Sets the passwords of the roles from the environment of the database container. Runs once, after init-roles.sql.
\getenv migrator MIGRATOR_PASSWORD
\getenv app APP_PASSWORD
\getenv worker WORKER_PASSWORD
ALTER ROLE vouchsafe_migrator PASSWORD :'migrator';
ALTER ROLE vouchsafe_app PASSWORD :'app';
ALTER ROLE vouchsafe_worker PASSWORD :'worker';
