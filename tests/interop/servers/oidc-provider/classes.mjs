// Logins of a class (acr). The library's own login page knows none, so the class is asked for by a check of the library's
// interaction policy, and given by the library's `interactionFinished`, as its documentation has it.

export const CLASSES = ['urn:interop:password', 'urn:interop:key'];

const wanted = (params) => params.acr_values?.split(' ') ?? [];

export function policy({ base, Check }) {
  const prompts = base();
  prompts.get('login').checks.add(new Check('acr_values', 'a login of another class is wanted', ({ oidc }) => (
    wanted(oidc.params).length > 0 && !wanted(oidc.params).includes(oidc.acr) && !oidc.result?.login
  )));
  return prompts;
}

// A login that was asked to be of a class is of the first one that there is.
export function giveClass(provider) {
  return async (ctx, next) => {
    if (ctx.method === 'POST' && /^\/interaction\/[^/]+$/.test(ctx.path)) {
      const { prompt, params, session } = await provider.interactionDetails(ctx.req, ctx.res);
      const acr = wanted(params).find((value) => CLASSES.includes(value));
      if (prompt.name === 'login' && acr) {
        const body = new URLSearchParams(Buffer.concat(await ctx.req.toArray()).toString());
        const accountId = session?.accountId ?? body.get('login');
        await provider.interactionFinished(ctx.req, ctx.res, { login: { accountId, acr } }, { mergeWithLastSubmission: false });
        ctx.respond = false;
        return;
      }
    }
    await next();
  };
}
