// The users' own devices, as far as a login needs them that a client initiates (OpenID Connect CIBA, poll mode): each
// request waits until the driver answers in the user's place,
//
//   GET {phone}/yes?message=W4SCT     and     GET {phone}/no?message=W4SCT
//
// where the message is the request's binding_message. The driver's apps stand there as well, as far as the server reads
// what they say of themselves: PUT {phone}/client.json is what a GET of https://app.example.test/client.json gives.

import { createServer } from 'node:http';

export function devices() {
  const waiting = new Map();
  const documents = new Map();
  let provider;
  let errors;

  // The user agrees to what was asked for, by the first of the ways that were wished for.
  async function agree(request) {
    const grant = new provider.Grant({ accountId: request.accountId, clientId: request.clientId });
    grant.addOIDCScope(request.scope);
    const acr = request.params.acr_values?.split(' ')[0];
    const authTime = Math.floor(Date.now() / 1000);
    await provider.backchannelResult(request, await grant.save(), { acr, amr: ['sc'], authTime });
  }

  const server = createServer(async (req, res) => {
    const url = new URL(req.url, 'http://phone');
    if (req.method === 'PUT') {
      documents.set(url.pathname, Buffer.concat(await req.toArray()).toString());
      res.end('done');
      return;
    }
    const request = waiting.get(url.searchParams.get('message'));
    try {
      if (!request) throw new Error('nothing is asked here');
      if (url.pathname === '/yes') await agree(request);
      else await provider.backchannelResult(request, new errors.AccessDenied('the user said no'));
      res.end('done');
    } catch (error) {
      console.error('phone:', error);
      res.writeHead(404).end();
    }
  });

  return {
    server,
    document(path) {
      const headers = { 'content-type': 'application/json', 'cache-control': 'no-store' };
      return documents.has(path) ? new Response(documents.get(path), { headers }) : new Response('none', { status: 404 });
    },
    use(made, itsErrors) {
      provider = made;
      errors = itsErrors;
      // The library's store in memory drops what has ended at once, where a database has it for a while longer, so that
      // the library can say that it has ended.
      const { adapter } = made.BackchannelAuthenticationRequest;
      const { upsert } = adapter;
      adapter.upsert = (id, payload, seconds) => upsert.call(adapter, id, payload, seconds + 60);
    },
    feature: {
      enabled: true,
      deliveryModes: ['poll'],
      processLoginHint: async (_ctx, hint) => (hint === 'nobody' ? undefined : hint),
      processLoginHintToken: async (_ctx, token) => (token.startsWith('user:') ? token.slice(5) : undefined),
      validateRequestContext: async () => {},
      // Who is called `careful` wants a code, so that no stranger's request disturbs.
      async verifyUserCode(_ctx, account, code) {
        if (account.accountId !== 'careful') return;
        if (!code) throw new errors.MissingUserCode('this user has a code');
        if (code !== '4711') throw new errors.InvalidUserCode('another code');
      },
      async triggerAuthenticationDevice(_ctx, request) {
        waiting.set(request.params.binding_message, request);
      },
    },
  };
}
