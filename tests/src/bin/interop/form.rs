//! The form of a page: where it goes, what it sends, and how a user who agrees to everything fills it in.

use url::form_urlencoded::Serializer;

/// Buttons that say yes or no, by the names that the servers of the suites give them; yes comes first. Any other form is
/// sent without one.
const CHOICES: [&str; 3] = ["allow", "action", "logout"];

/// The only form of a page.
pub(crate) struct Form {
    /// Where it goes, relative to the page; empty for the page itself.
    pub(crate) action: String,
    fields: Vec<(String, String)>,
    choices: Vec<(String, String)>,
}

impl Form {
    /// The first form of a page with all its fields. Servers put buttons behind the form's end, too.
    pub(crate) fn of(html: &str, user: &str) -> Option<Self> {
        let start = html.find("<form")?;
        let mut tags = html[start..].split('<').skip(1);
        let action = attribute(tags.next()?, "action").unwrap_or_default();
        let (mut fields, mut choices) = (Vec::new(), Vec::new());
        for tag in tags.filter(|tag| tag.starts_with("input") || tag.starts_with("button")) {
            let Some(name) = attribute(tag, "name") else { continue };
            let value = attribute(tag, "value").unwrap_or_default();
            match attribute(tag, "type").as_deref() {
                Some("submit") if CHOICES.contains(&name.as_str()) => choices.push((name, value)),
                Some("submit") => {}
                Some("password") => fields.push((name, "any".to_owned())),
                Some("hidden") => fields.push((name, value)),
                _ if value.is_empty() => fields.push((name, user.to_owned())),
                _ => fields.push((name, value)),
            }
        }
        Some(Self { action, fields, choices })
    }

    /// The same, filled in by a user who says no, where the form has a choice.
    pub(crate) fn refused(mut self) -> Self {
        self.choices.drain(..self.choices.len().min(1));
        self
    }

    /// As it is sent: `application/x-www-form-urlencoded`.
    pub(crate) fn body(&self) -> String {
        Serializer::new(String::new()).extend_pairs(self.fields.iter().chain(self.choices.first())).finish()
    }
}

/// The value of an attribute of a tag that was cut off at the next `<`.
fn attribute(tag: &str, name: &str) -> Option<String> {
    let tag = tag.split('>').next()?;
    let value = &tag[tag.find(&format!(" {name}=\""))? + name.len() + 3..];
    Some(unescaped(&value[..value.find('"')?]))
}

fn unescaped(text: &str) -> String {
    let text = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"");
    text.replace("&#39;", "'").replace("&#x27;", "'").replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::Form;

    #[test]
    fn a_form_is_filled_in_as_a_user_who_agrees() {
        let page = r#"<h1>Hello</h1><form action="/go?a=1&amp;b=2" method="post">
            <input type="hidden" name="token" value="x&amp;y">
            <input required type="text" name="login"> <input name="user_code" value="ABC">
            <input type="password" name="secret">
            <input type="submit" value="Cancel"/> <input type="submit" name="allow" value="Yes"/>
            </form><button type="submit" name="abort" value="1">No</button>"#;
        let form = Form::of(page, "alice").unwrap();
        assert_eq!(form.action, "/go?a=1&b=2");
        assert_eq!(form.body(), "token=x%26y&login=alice&user_code=ABC&secret=any&allow=Yes");
        let form = Form::of(
            r#"<form><button type="submit" name="action" value="yes"></button>
            <button type="submit" name="action" value="no"></button></form>"#,
            "alice",
        )
        .unwrap();
        assert_eq!(form.body(), "action=yes");
        assert_eq!(form.refused().body(), "action=no");
        assert!(Form::of("<p>Done</p>", "alice").is_none());
    }
}
