/**
 * What is compared. The first server of each is this application, and only differing works differ: (a) is measured
 * against a server that logs the view, as the application must, and also against one that does not.
 */
export function comparisons({ application, bare, people, webhook }) {
  const paths = (prefix) => people.map((id) => `${prefix}/${id}`);
  const own = { url: application.baseUrl, headers: { cookie: application.cookie } };
  const other = { url: bare.baseUrl, headers: { cookie: `session=${application.secret}` } };
  return [
    {
      label: '(a) read one record', aim: 0.5,
      servers: [
        { name: 'application', ...own, paths: paths('/v1/people') },
        { name: 'bare, view logged', ...other, paths: paths('/people') },
        { name: 'bare, nothing logged', ...other, paths: paths('/people-unlogged') },
      ],
    },
    {
      label: '(b) list of 100', aim: 0.7,
      servers: [
        { name: 'application', ...own, paths: ['/v1/people?limit=100'] },
        { name: 'bare', ...other, paths: ['/people'] },
      ],
    },
    {
      label: '(c) webhook, one insert', aim: 0.8,
      servers: [
        { name: 'application', url: application.baseUrl, webhook: { path: `/v1/webhooks/${webhook.id}`, key: webhook.key } },
        { name: 'bare', url: bare.baseUrl, webhook: { path: '/webhooks', key: webhook.key } },
      ],
    },
  ];
}
