use bytes::Bytes;
use http::{HeaderName, HeaderValue, Response, StatusCode, header};
use http_body_util::Full;
use serde_json::{Value, json};

use crate::Answer;

/// An answer, before it is on the wire.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Bytes,
    /// The connection is closed in its place.
    pub(crate) lost: bool,
}

impl Reply {
    fn new(status: StatusCode, body: impl Into<Bytes>, content_type: &'static str) -> Self {
        let headers = vec![
            (header::CONTENT_TYPE, HeaderValue::from_static(content_type)),
            // RFC 6749 section 5.1 asks for it wherever a token is; nothing here is worth a cache.
            (header::CACHE_CONTROL, HeaderValue::from_static("no-store")),
            (header::X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff")),
        ];
        Self { status, headers, body: body.into(), lost: false }
    }

    pub(crate) fn json(status: StatusCode, body: &Value) -> Self {
        Self::new(status, body.to_string(), "application/json")
    }

    /// An error of the simulator's own surface or of an API, for which no file declares a shape.
    pub(crate) fn problem(status: StatusCode, code: &str, description: &str) -> Self {
        Self::json(status, &json!({"error": code, "error_description": description}))
    }

    /// A text of a type of its own.
    pub(crate) fn text(content_type: &'static str, text: String) -> Self {
        Self::new(StatusCode::OK, text, content_type)
    }

    pub(crate) fn html(status: StatusCode, page: String) -> Self {
        Self::new(status, page, "text/html; charset=utf-8")
            .with(header::REFERRER_POLICY, "no-referrer")
            .with(header::X_FRAME_OPTIONS, "DENY")
    }

    /// RFC 9110 section 15.4.4: whatever the method was, the next request is a GET.
    pub(crate) fn see_other(location: &str) -> Self {
        Self::new(StatusCode::SEE_OTHER, "", "text/plain; charset=utf-8").with(header::LOCATION, location)
    }

    pub(crate) fn method_not_allowed(allowed: &str) -> Self {
        let text = format!("this address takes {allowed}");
        Self::problem(StatusCode::METHOD_NOT_ALLOWED, "method_not_allowed", &text).with(header::ALLOW, allowed)
    }

    /// What a test scripted.
    pub(crate) fn scripted(answer: Answer) -> Self {
        let status = StatusCode::from_u16(answer.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
        let mut reply = Self::new(status, answer.body, "application/json");
        for (name, value) in answer.headers {
            if let Ok(name) = HeaderName::try_from(name) {
                reply.headers.retain(|(known, _)| *known != name);
                reply = reply.with(name, &value);
            }
        }
        reply
    }

    /// Adds a header. A value that cannot be one is a fault of the test's own words, and shown as such.
    pub(crate) fn with(mut self, name: HeaderName, value: &str) -> Self {
        match HeaderValue::from_str(value) {
            Ok(value) => self.headers.push((name, value)),
            Err(_) => self.status = StatusCode::INTERNAL_SERVER_ERROR,
        }
        self
    }

    /// [`with`](Self::with), in the place of what is there under that name.
    pub(crate) fn in_place_of(mut self, name: HeaderName, value: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self.with(name, value)
    }

    pub(crate) fn into_response(self) -> Response<Full<Bytes>> {
        let mut response = Response::new(Full::new(self.body));
        *response.status_mut() = self.status;
        for (name, value) in self.headers {
            response.headers_mut().append(name, value);
        }
        response
    }
}
