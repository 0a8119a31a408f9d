// The authorization server of the oidc-provider interop suite.
//
// It listens on four free loopback ports and then writes exactly one line to
// stdout, a JSON object that tells the driver how to reach it:
//
//   {"issuer": "http://127.0.0.1:PORT", "port": PORT, "client_secret": "...",
//    "api": "http://127.0.0.1:PORT", "tls": "https://127.0.0.1:PORT",
//    "client_key": "-----BEGIN PRIVATE KEY-----...", "initial_access_token": "...",
//    "phone": "http://127.0.0.1:PORT",
//    "certificates": {"authority": {"certificate", "key", "file"}, ...}}
//
// `api` is the same server at another origin, for what a resource server does;
// `tls` is the same one again, over TLS, and asks for a client certificate;
// `phone` is what users answer a client's request with, see ciba.mjs.
// Everything else (the library's notices, server errors) goes to stderr. The
// process ends by itself when its stdin closes, so it never outlives the
// script that started it. All state is in memory and all keys are made at
// start: two runs share nothing.
//
// Environment (all optional):
//   INTEROP_CLIENT_SECRET     secret of the two confidential clients; a random
//                             one is made when it is unset or empty
//   INTEROP_ACCESS_TOKEN_TTL  lifetime of access tokens in seconds (60)
//   INTEROP_ID_TOKEN_ALG      ID token signature: RS256 (the default), PS256,
//                             ES256, EdDSA or Ed25519
//   INTEROP_FEATURES          comma-separated extra features, see `extras`

import { createPublicKey, generateKeyPairSync, randomBytes } from 'node:crypto';
import { createServer } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import { fileURLToPath } from 'node:url';

import { devices } from './ciba.mjs';
import { CLASSES, giveClass, policy } from './classes.mjs';
import { clients as knownClients, HOST } from './clients.mjs';
import { asJwk, certificates, shownCertificate } from './tls.mjs';

if (typeof URL.parse !== 'function') {
  throw new Error(`Node.js ${process.version} is too old for oidc-provider: it has no URL.parse`);
}

// The library writes notices with console.info, which is stdout by default;
// stdout belongs to the one JSON line.
console.log = console.info = console.debug = console.error;

// ---------------------------------------------------------------------------
// Settings

const clientSecret = process.env.INTEROP_CLIENT_SECRET || randomSecret();
const accessTokenTtl = positiveInteger('INTEROP_ACCESS_TOKEN_TTL', 60);
const idTokenAlg = process.env.INTEROP_ID_TOKEN_ALG || 'RS256';

// The reserved characters at the end are on purpose: a client that does not
// form-encode its secret before it builds the Basic header (RFC 6749, section
// 2.3.1), or does not encode it in a request body, fails to authenticate.
function randomSecret() {
  return `${randomBytes(24).toString('base64url')}:%2B+/&=~`;
}

function positiveInteger(name, fallback) {
  const text = process.env[name];
  if (text === undefined || text === '') return fallback;
  if (!/^[1-9][0-9]*$/.test(text)) throw new Error(`${name} must be a positive integer, not ${JSON.stringify(text)}`);
  return Number(text);
}

// ---------------------------------------------------------------------------
// Keys, clients and accounts

// One private key of each kind, so that the JWKS holds several and a client has
// to pick by `kid`.
function signingKeys() {
  const jwk = (type, options) => ({
    ...generateKeyPairSync(type, options).privateKey.export({ format: 'jwk' }),
    use: 'sig',
  });
  return [
    jwk('rsa', { modulusLength: 2048 }),
    jwk('ec', { namedCurve: 'P-256' }),
    jwk('ed25519'),
  ];
}

// The key of the client that proves itself by signed assertions; the driver is
// told the private half.
const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey;
const clientJwk = {
  ...createPublicKey(clientKey).export({ format: 'jwk' }), kid: 'interop-key', use: 'sig', alg: 'ES256',
};
const tls = certificates(fileURLToPath(new URL('.', import.meta.url)));
const clients = knownClients({
  secret: clientSecret, jwk: clientJwk, ownCertificateJwk: asJwk(tls.own), idTokenAlg,
});
// What the registration endpoint wants to see (RFC 7591, section 3).
const initialAccessToken = randomBytes(24).toString('base64url');

// Every login name is an account, and its claims follow from the name alone.
async function findAccount(_ctx, sub) {
  const encoded = encodeURIComponent(sub);
  return {
    accountId: sub,
    async claims() {
      return {
        sub,
        name: `Interop ${sub}`,
        email: `${encoded}@example.test`,
        email_verified: true,
        preferred_username: sub,
        picture: `https://example.test/${encoded}.png`,
      };
    },
  };
}

// Nobody pays more than 100 here.
function checkPayment(_ctx, detail) {
  if (!(Number(detail.amount) <= 100)) {
    throw new errors.InvalidAuthorizationDetails('too much');
  }
}

// ---------------------------------------------------------------------------
// Configuration of the library

const { errors, interactionPolicy, Provider } = await import('oidc-provider'); // after console was redirected

const phone = devices();
const configuration = {
  acrValues: CLASSES,
  clients,
  findAccount,
  jwks: { keys: signingKeys() },
  cookies: { keys: [randomBytes(32).toString('base64url')] },

  clientAuthMethods: [
    'none', 'client_secret_basic', 'client_secret_post', 'client_secret_jwt', 'private_key_jwt', 'tls_client_auth',
    'self_signed_tls_client_auth',
  ],
  responseTypes: ['code', 'code id_token'],
  scopes: ['openid', 'offline_access', 'api:read'], // the keys of `claims` are scopes too
  claims: {
    openid: ['sub'],
    profile: ['name', 'preferred_username', 'picture'],
    email: ['email', 'email_verified'],
  },

  interactions: { policy: policy(interactionPolicy) },
  pkce: { required: () => true }, // S256 is the only method the library knows

  rotateRefreshToken: true,
  // The library itself drops offline_access from a request without
  // prompt=consent, so the scope is there only when it was really granted.
  issueRefreshToken: async (_ctx, client, source) => (
    client.grantTypeAllowed('refresh_token') && source.scopes.has('offline_access')
  ),

  // Client and server share one clock here. The library's default would go on
  // taking an access token for 15 s after the end of its `expires_in`.
  clockTolerance: 0,
  ttl: {
    AccessToken: accessTokenTtl,
    AuthorizationCode: 60,
    ClientCredentials: accessTokenTtl,
    DeviceCode: 600,
    Grant: 86400,
    IdToken: 3600,
    Interaction: 600,
    RefreshToken: 86400,
    Session: 86400,
  },

  features: {
    // Login page that takes any user name and password, and a consent page.
    devInteractions: { enabled: true },
    backchannelLogout: { enabled: true },
    ciba: phone.feature,
    clientCredentials: { enabled: true },
    clientIdMetadataDocument: { enabled: true, ack: 'draft-02' },
    deviceFlow: { enabled: true },
    // A proof without the server's nonce is refused, at the token endpoint and at userinfo.
    dPoP: { enabled: true, nonceSecret: randomBytes(32), requireNonce: () => true },
    introspection: { enabled: true },
    jwtIntrospection: { enabled: true },
    jwtResponseModes: { enabled: true },
    jwtUserinfo: { enabled: true },
    mTLS: {
      enabled: true,
      certificateBoundAccessTokens: true,
      selfSignedTlsClientAuth: true,
      tlsClientAuth: true,
      getCertificate: shownCertificate,
      certificateAuthorized: (ctx) => ctx.req.socket.authorized,
      certificateSubjectMatches: (ctx, property, expected) => (
        property === 'tls_client_auth_san_dns' && shownCertificate(ctx).checkHost(expected) === expected
      ),
    },
    pushedAuthorizationRequests: { enabled: true },
    registration: { enabled: true, initialAccessToken },
    registrationManagement: { enabled: true, rotateRegistrationAccessToken: true },
    requestObjects: { enabled: true },
    resourceIndicators: {
      enabled: true,
      defaultResource: () => undefined,
      useGrantedResource: () => true,
      // Tokens for a resource whose path is /opaque are none that the resource can read itself.
      getResourceServerInfo: (_ctx, resource) => ({
        audience: resource,
        scope: 'api:read',
        accessTokenFormat: resource.endsWith('/opaque') ? 'opaque' : 'jwt',
        accessTokenTTL: accessTokenTtl,
      }),
    },
    richAuthorizationRequests: {
      enabled: true,
      types: { payment: { validate: checkPayment } },
      // What the user has agreed to is what the code and the tokens are for.
      authorizationDetailsForGrantSource: (ctx) => ctx.oidc.grant.rar,
      // A client that asks for itself has agreed by asking.
      authorizationDetailsForAccessToken: (ctx, _token, source) => (
        source ? source.rar : JSON.parse(ctx.oidc.params.authorization_details)
      ),
      authorizationDetailsForIntrospection: (_ctx, token) => token.rar,
    },
    revocation: { enabled: true },
    rpInitiatedLogout: { enabled: true },
  },

  // Logout tokens go to the driver, on loopback, which the library's own dispatcher refuses; and documents of its apps
  // come from there.
  fetch: async (address, { dispatcher: _, ...options }) => {
    const url = new URL(address);
    return url.origin === 'https://app.example.test' ? phone.document(url.pathname) : fetch(url, options);
  },
};

// Extra features by name, switched on by INTEROP_FEATURES. To add one, add an
// entry that changes `configuration` (or the clients) as needed.
const extras = {
  // Pushed authorization requests are always offered; this refuses all others.
  requirePar() {
    configuration.features.pushedAuthorizationRequests = {
      enabled: true,
      requirePushedAuthorizationRequests: true,
    };
  },
};

for (const name of (process.env.INTEROP_FEATURES ?? '').split(',').map((s) => s.trim()).filter(Boolean)) {
  if (!Object.hasOwn(extras, name)) {
    throw new Error(`INTEROP_FEATURES: unknown feature ${JSON.stringify(name)}; known: ${Object.keys(extras).join(', ')}`);
  }
  extras[name]();
}

// ---------------------------------------------------------------------------
// Start and end

// The issuer holds the port, so the ports are taken first and the provider is
// made for them afterwards. Nobody knows the ports before the JSON line is out.
async function listening(server) {
  await new Promise((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, HOST, resolve);
  });
  return server.address().port;
}

const servers = [
  createServer(),
  createServer(),
  // Whether a certificate is good is for the provider to say: it also knows clients by certificates of their own making.
  createTlsServer({
    cert: tls.server.certificate, key: tls.server.key, ca: tls.authority.certificate, requestCert: true, rejectUnauthorized: false,
  }),
];
const [port, apiPort, tlsPort] = await Promise.all(servers.map(listening));
const phonePort = await listening(phone.server);
const issuer = `http://${HOST}:${port}`;
const tlsOrigin = `https://${HOST}:${tlsPort}`;

// RFC 8705, section 5: where clients with a certificate go.
configuration.discovery = {
  mtls_endpoint_aliases: {
    token_endpoint: `${tlsOrigin}/token`,
    revocation_endpoint: `${tlsOrigin}/token/revocation`,
    introspection_endpoint: `${tlsOrigin}/token/introspection`,
    pushed_authorization_request_endpoint: `${tlsOrigin}/request`,
    userinfo_endpoint: `${tlsOrigin}/me`,
  },
};

const provider = new Provider(issuer, configuration);
phone.use(provider, errors);
provider.use(giveClass(provider));
// The library checks a client when it is first used; a bad one shall end this
// process now and not show as a puzzling protocol error later.
for (const { client_id: id } of clients) await provider.Client.find(id);
provider.on('server_error', (_ctx, error) => console.error('server_error:', error));
provider.on('backchannel.error', (_ctx, error) => console.error('backchannel.error:', error));
for (const server of servers) server.on('request', provider.callback());

process.stdin.on('close', () => process.exit(0));
process.stdin.on('error', () => process.exit(0));
process.stdin.resume();

process.stdout.write(`${JSON.stringify({
  issuer,
  port,
  api: `http://${HOST}:${apiPort}`,
  tls: tlsOrigin,
  phone: `http://${HOST}:${phonePort}`,
  client_secret: clientSecret,
  client_key: clientKey.export({ format: 'pem', type: 'pkcs8' }),
  initial_access_token: initialAccessToken,
  certificates: tls,
})}\n`);
