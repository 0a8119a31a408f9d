use bytes::Bytes;

use super::{TokenCall, TokenSet, failure};
use crate::client::{Client, Context};
use crate::error::{ErrorKind, Result, Step};
use crate::http::Answer;
use crate::provider::Provider;
use crate::spec::RefreshAuth;

/// Reads a token response as often as it is called: what benchmarks measure without a transport around it.
pub fn token_response_reader<P: Provider>(
    client: Client<P>,
    response: http::Response<Bytes>,
) -> impl Fn() -> Result<TokenSet> {
    let (head, body) = response.into_parts();
    let answer = Answer { status: head.status, headers: head.headers, body };
    move || {
        let inner = client.inner();
        let rules = &inner.spec().token.request;
        let url = inner.spec().endpoints.token.as_ref();
        let url = url.ok_or_else(|| inner.error(ErrorKind::Unsupported, Step::Exchange, "no token endpoint"))?;
        let call = TokenCall {
            step: Step::Exchange,
            url,
            method: rules.method,
            format: rules.format,
            params: Vec::new(),
            extra: &rules.params,
            query: &[],
            headers: &[],
            client_auth: RefreshAuth::Full,
            context: Context::default(),
            progress: None,
        };
        Ok(failure::Reader { inner, call: &call, proof: &[], secure: true }
            .grant(&answer, &[], (inner.spec().token.response.token_type, None))?
            .tokens)
    }
}
