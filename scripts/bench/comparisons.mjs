/**
 * Returns the comparisons: `label`, `target` of the ratio to the second server, and `servers`, each with a name, a
 * process id, and a load. The first server is this application. The second does the same work with the common use of
 * `pg`. Further servers do less, or use pipelining like this application, to show what the comparison includes.
 */
export function comparisons({ application, bare, people, webhook }) {
  const paths = (prefix) => people.map((id) => `${prefix}/${id}`);
  const own = (load) => ({
    name: 'application',
    pid: application.pid,
    load: { url: application.baseUrl, headers: { cookie: application.cookie }, ...load },
  });
  const other = (name, { url, pid }, load) => ({
    name,
    pid,
    load: { url, headers: { cookie: `session=${application.secret}` }, ...load },
  });
  return [
    {
      label: '(a) read one record',
      target: 0.5,
      servers: [
        own({ paths: paths('/v1/people') }),
        other('bare', bare.plain, { paths: paths('/people') }),
        other('bare, pipelined', bare.pipelined, { paths: paths('/people') }),
        other('bare, pipelined, view not logged', bare.pipelined, { paths: paths('/people-unlogged') }),
      ],
    },
    {
      label: '(b) list of 100',
      target: 0.7,
      servers: [own({ paths: ['/v1/people?limit=100'] }), other('bare', bare.plain, { paths: ['/people'] })],
    },
    {
      label: '(c) webhook, durable',
      target: 0.8,
      servers: [
        own({ webhook: { path: `/v1/webhooks/${webhook.id}`, key: webhook.key }, headers: {} }),
        other('bare', bare.plain, { webhook: { path: '/webhooks', key: webhook.key }, headers: {} }),
      ],
    },
  ];
}
