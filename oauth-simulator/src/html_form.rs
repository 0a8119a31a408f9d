//! As much of HTML as it takes to fill in a form: what a browser does with the simulator's own pages.

/// A form with its inputs and buttons.
#[derive(Debug, Default)]
pub(crate) struct Form {
    pub(crate) action: String,
    pub(crate) method: String,
    /// Hidden inputs and whatever else is sent as it is.
    pub(crate) fields: Vec<(String, String)>,
    /// Radio buttons.
    pub(crate) choices: Vec<(String, String)>,
    /// Buttons with a name.
    pub(crate) buttons: Vec<(String, String)>,
}

/// The first form of the page.
pub(crate) fn first_form(page: &str) -> Option<Form> {
    let mut form: Option<Form> = None;
    for tag in tags(page) {
        match (tag.name.as_str(), &mut form) {
            ("form", None) => {
                form = Some(Form {
                    action: tag.get("action"),
                    method: tag.get("method").to_ascii_lowercase(),
                    ..Form::default()
                });
            }
            ("/form", Some(_)) => break,
            ("input", Some(form)) if tag.get("type") == "radio" => {
                form.choices.push((tag.get("name"), tag.get("value")));
            }
            ("input", Some(form)) => form.fields.push((tag.get("name"), tag.get("value"))),
            ("button", Some(form)) if !tag.get("name").is_empty() => {
                form.buttons.push((tag.get("name"), tag.get("value")));
            }
            _ => {}
        }
    }
    form
}

/// The text of the element with that id.
pub(crate) fn text_of(page: &str, id: &str) -> Option<String> {
    let (_, rest) = page.split_once(&format!("id=\"{id}\">"))?;
    Some(unescape(rest.split('<').next()?))
}

struct Tag {
    name: String,
    attributes: Vec<(String, String)>,
}

impl Tag {
    fn get(&self, name: &str) -> String {
        self.attributes.iter().find(|(known, _)| known == name).map(|(_, value)| value.clone()).unwrap_or_default()
    }
}

/// The tags in order. An attribute's value is in double quotes and holds no bare `<`.
fn tags(page: &str) -> impl Iterator<Item = Tag> {
    page.split('<').skip(1).filter_map(|piece| {
        let at = piece.find(|c: char| c.is_whitespace() || c == '>')?;
        let (name, mut rest) = piece.split_at(at);
        let mut attributes = Vec::new();
        loop {
            rest = rest.trim_start();
            let end = rest.find(|c: char| c.is_whitespace() || c == '>' || c == '=').unwrap_or(rest.len());
            if end == 0 {
                break;
            }
            let attribute = rest[..end].to_ascii_lowercase();
            rest = &rest[end..];
            let value = match rest.strip_prefix("=\"").and_then(|quoted| quoted.split_once('"')) {
                Some((value, after)) => {
                    rest = after;
                    unescape(value)
                }
                None => String::new(),
            };
            attributes.push((attribute, value));
            if rest.starts_with('=') {
                break;
            }
        }
        Some(Tag { name: name.to_ascii_lowercase(), attributes })
    })
}

fn unescape(text: &str) -> String {
    let named = text.replace("&lt;", "<").replace("&gt;", ">").replace("&quot;", "\"").replace("&#39;", "'");
    named.replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_read() {
        let page = r#"<p>x</p><form method="POST" action="/a?b&amp;c"><input type="hidden" name="t" value="&lt;&quot;">
            <input type="radio" name="who" value="1" checked> A<button type="submit" name="d" value="yes">Y</button></form><input name="z">"#;
        let form = first_form(page).unwrap();
        assert_eq!((form.action.as_str(), form.method.as_str()), ("/a?b&c", "post"));
        assert_eq!(form.fields, [("t".to_owned(), "<\"".to_owned())]);
        assert_eq!(form.choices, [("who".to_owned(), "1".to_owned())]);
        assert_eq!(form.buttons, [("d".to_owned(), "yes".to_owned())]);
        assert!(first_form("<p a=b").is_none());
    }
}
