/**Acme: Repositories and \[more\].

- Documentation: <https://acme.example/docs>
- Register a client: <https://acme.example/apps>
- Checked on 2026-11-21: as the vendor's pages say

```text
use acme::{Acme, Scope};

let acme = Acme::client("client id", "client secret", "acme").redirect_uri("https://app.example/callback");
let attempt = acme.authorize().scopes([Scope::ReadUser]).begin().await?;
let (url, pending, browser) = attempt.into_parts(); // redirect to `url`, keep `pending`, set `browser` as a cookie
```

# Settings

| setting | type | default | |
|---|---|---|---|
| `region` | `Region` | `com` | Data centre |
| `shop` | `Shop` | required | The shop's name |

# Scopes

Asked for when none is named: `read:user`.

| scope | sent as | |
|---|---|---|
| `ReadUser` | `read:user` | Read a user's profile data. |
| `Repositories` | `repo` |  |

# Capabilities

- Login in a browser; PKCE is supported
- Refreshing of tokens; each refresh replaces the refresh token
- The user's profile
- API calls below `https://api.acme.example`

# Quirks

- `token.placement.scheme`: Acme's own name. Source: <https://acme.example/auth> (2026-11-20)*/
pub mod acme {
    /// Acme: `Acme::client`, `Acme::public` and `Acme::from_env` make its client.
    pub struct Acme;
    impl ::oauth_providers::__private::Provider for Acme {
        type Scope = Scope;
        type Extras = Extras;
        type CallbackExtras = CallbackExtras;
    }
    impl ::oauth_providers::__private::Compiled for Acme {
        const ID: &'static str = "acme";
        #[inline]
        fn spec() -> &'static ::oauth_providers::__private::Arc<
            ::oauth_providers::__private::ProviderSpec,
        > {
            static SPEC: ::oauth_providers::__private::SpecCell = ::oauth_providers::__private::SpecCell::new(
                "{\"id\":\"acme\",\"name\":\"Acme\",\"module\":\"acme\",\"marker\":\"Acme\",\"description\":\"Repositories and [more].\",\"docs\":\"https://acme.example/docs\",\"console\":\"https://acme.example/apps\",\"checked\":\"2026-11-21\",\"confidence\":\"vendor\",\"groups\":[\"developer\"],\"settings\":[{\"name\":\"region\",\"rust\":\"Region\",\"type\":\"enum\",\"values\":[[\"com\",\"acme.example\",\"Com\"],[\"eu\",\"acme-eu.example\",\"Eu\"]],\"default\":\"com\",\"doc\":\"Data centre\"},{\"name\":\"shop\",\"rust\":\"Shop\",\"type\":\"label\",\"doc\":\"The shop's name\"}],\"endpoints\":{\"authorization\":\"https://{shop}.acme.example/authorize\",\"token\":\"https://accounts.{region}/token\"},\"client_auth\":\"body\",\"pkce\":\"supported\",\"scopes\":{\"separator\":\" \",\"param\":\"scope\",\"default\":[\"read:user\"],\"known\":[{\"value\":\"read:user\",\"rust\":\"ReadUser\",\"doc\":\"Read a user's profile data.\"},{\"value\":\"repo\",\"rust\":\"Repositories\"}]},\"authorize\":{\"options\":[{\"name\":\"prompt\",\"rust\":\"Prompt\",\"values\":[[\"consent\",\"Consent\"],[\"select_account\",\"SelectAccount\"]],\"join\":\" \",\"doc\":\"What the user sees.\"},{\"name\":\"login_hint\",\"rust\":\"LoginHint\"}]},\"callback\":{\"code\":\"code\",\"keep\":[{\"name\":\"location\",\"rust\":\"location\",\"values\":[[\"eu\",\"acme-eu.example\"]],\"doc\":\"Where the user's data is.\"}]},\"token\":{\"request\":{\"method\":\"POST\",\"format\":\"form\"},\"response\":{\"at\":[\"\"],\"expiry\":{\"field\":\"expires_in\",\"kind\":\"in\",\"unit\":\"s\"},\"extras\":[{\"name\":\"api_domain\",\"at\":\"/api_domain\",\"type\":\"url\",\"hosts\":[\"acme.example\"],\"doc\":\"Where the API is.\"},{\"name\":\"teams\",\"at\":\"/teams\",\"type\":\"[u64]\"},{\"name\":\"type\",\"at\":\"/user/type\",\"type\":\"string?\"},{\"name\":\"bot_token\",\"at\":\"/bot/token\",\"type\":\"string\"}]},\"placement\":{\"header\":{\"name\":\"Authorization\",\"scheme\":\"Acme-token\"}}},\"refresh\":{\"with\":\"refresh_token\",\"method\":\"POST\",\"format\":\"form\",\"grant_type\":\"refresh_token\",\"param\":\"refresh_token\",\"client_auth\":true,\"rotates\":true},\"profile\":{\"method\":\"GET\",\"url\":\"https://api.acme.example/user\",\"map\":{\"subject\":\"/id\"}},\"api\":{\"base_url\":\"https://api.acme.example\",\"operations\":[{\"name\":\"list_repos\",\"rust\":\"ListRepos\",\"method\":\"GET\",\"path\":\"/repos\",\"parameters\":[{\"name\":\"per_page\",\"rust\":\"per_page\",\"in\":\"query\",\"type\":\"u32?\"},{\"name\":\"sort\",\"rust\":\"sort\",\"in\":\"query\",\"type\":\"string?\"}],\"scopes\":[\"repo\"],\"returns\":{\"rust\":\"Repo\",\"at\":\"\",\"list\":true,\"fields\":[{\"rust\":\"id\",\"at\":\"/id\",\"type\":\"u64\"},{\"rust\":\"full_name\",\"at\":\"/full_name\",\"type\":\"string\"},{\"rust\":\"topics\",\"at\":\"/topics\",\"type\":\"[string]?\"}]},\"doc\":\"Lists the repositories.\"},{\"name\":\"get_repo\",\"rust\":\"GetRepo\",\"method\":\"GET\",\"path\":\"/repos/{owner}/{repo}\",\"parameters\":[{\"name\":\"owner\",\"rust\":\"owner\",\"in\":\"path\",\"type\":\"string\"},{\"name\":\"repo\",\"rust\":\"repo\",\"in\":\"path\",\"type\":\"string\"}],\"returns\":{\"rust\":\"Repo\",\"at\":\"\",\"fields\":[{\"rust\":\"id\",\"at\":\"/id\",\"type\":\"u64\"},{\"rust\":\"full_name\",\"at\":\"/full_name\",\"type\":\"string\"},{\"rust\":\"topics\",\"at\":\"/topics\",\"type\":\"[string]?\"}]}},{\"name\":\"add_issue\",\"rust\":\"AddIssue\",\"method\":\"POST\",\"path\":\"/issues\",\"parameters\":[{\"name\":\"title\",\"rust\":\"title\",\"in\":\"body\",\"type\":\"string\"},{\"name\":\"priority\",\"rust\":\"priority\",\"in\":\"body\",\"type\":\"u32\"},{\"name\":\"labels\",\"rust\":\"labels\",\"in\":\"body\",\"type\":\"[string]?\"},{\"name\":\"draft\",\"rust\":\"draft\",\"in\":\"body\",\"type\":\"bool?\"},{\"name\":\"body\",\"rust\":\"body\",\"in\":\"body\",\"type\":\"json?\"}],\"scopes\":[\"repo\",\"read:user\"],\"returns\":{\"rust\":\"Issue\",\"at\":\"/issue\",\"fields\":[{\"rust\":\"url\",\"at\":\"/url\",\"type\":\"url\"},{\"rust\":\"everything\",\"at\":\"\",\"type\":\"json\"}]}},{\"name\":\"star\",\"rust\":\"Star\",\"method\":\"PUT\",\"path\":\"/star\"}]},\"quirks\":[{\"field\":\"token.placement.scheme\",\"because\":\"Acme's own name\",\"source\":\"https://acme.example/auth\",\"checked\":\"2026-11-20\"}]}",
            );
            SPEC.load()
        }
    }
    impl Acme {
        /**A client of Acme that can keep a secret: the id and the credentials that the provider gave it.

- `shop`: The shop's name

```text
use acme::Acme;

let acme = Acme::client("client id", "client secret", "acme");
```*/
        #[inline]
        pub fn client(
            id: impl ::core::convert::Into<::std::string::String>,
            credentials: impl ::core::convert::Into<
                ::oauth_providers::__private::ClientAuth,
            >,
            shop: impl ::core::convert::Into<Shop>,
        ) -> ::oauth_providers::__private::Client<Self> {
            ::oauth_providers::__private::Client::<Self>::new(id, credentials)
                .set(::core::convert::Into::<Shop>::into(shop))
        }
        /**A public client of Acme, which has no secret: a desktop or command-line program.

- `shop`: The shop's name*/
        #[inline]
        pub fn public(
            id: impl ::core::convert::Into<::std::string::String>,
            shop: impl ::core::convert::Into<Shop>,
        ) -> ::oauth_providers::__private::Client<Self> {
            ::oauth_providers::__private::Client::<
                Self,
            >::new(id, ::oauth_providers::__private::ClientAuth::none())
                .set(::core::convert::Into::<Shop>::into(shop))
        }
        /// A client of Acme from environment variables: `ACME_CLIENT_ID` and `ACME_CLIENT_SECRET` (none for a public client), `ACME_REGION` (optional), `ACME_SHOP`.
        #[inline]
        pub fn from_env() -> ::core::result::Result<
            ::oauth_providers::__private::Client<Self>,
            ::oauth_providers::__private::Error,
        > {
            ::oauth_providers::__private::Client::<Self>::from_env()
        }
    }
    impl ::oauth_providers::__private::CanAuthorize for Acme {}
    impl ::oauth_providers::__private::CanRefresh for Acme {}
    impl ::oauth_providers::__private::HasProfile for Acme {}
    impl ::oauth_providers::__private::HasApi for Acme {}
    /// The scopes of Acme that its file describes. Others are given by name, as raw scopes.
    #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::cmp::PartialEq)]
    #[non_exhaustive]
    pub enum Scope {
        /// `read:user`: Read a user's profile data.
        ReadUser,
        /// `repo`.
        Repositories,
    }
    impl Scope {
        /// The scope as it is sent.
        #[inline]
        pub const fn as_str(self) -> &'static str {
            match self {
                Self::ReadUser => "read:user",
                Self::Repositories => "repo",
            }
        }
    }
    impl ::core::cmp::Eq for Scope {}
    impl ::core::fmt::Debug for Scope {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::oauth_providers::__private::ScopeOf<Acme> for Scope {}
    impl ::core::convert::AsRef<str> for Scope {
        #[inline]
        fn as_ref(&self) -> &str {
            self.as_str()
        }
    }
    /**Data centre

The setting `region` of Acme; `com` when it is not set.*/
    #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::cmp::PartialEq)]
    #[non_exhaustive]
    pub enum Region {
        /// `com`, which stands for `acme.example`.
        Com,
        /// `eu`, which stands for `acme-eu.example`.
        Eu,
    }
    impl Region {
        /// The value as the provider's file names it.
        #[inline]
        pub const fn as_str(self) -> &'static str {
            match self {
                Self::Com => "com",
                Self::Eu => "eu",
            }
        }
    }
    impl ::core::cmp::Eq for Region {}
    impl ::core::fmt::Debug for Region {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::oauth_providers::__private::SettingValue<Acme> for Region {
        const NAME: &'static str = "region";
        #[inline]
        fn into_value(self) -> ::std::borrow::Cow<'static, str> {
            ::std::borrow::Cow::Borrowed(self.as_str())
        }
    }
    /**The shop's name

The setting `shop` of Acme, one DNS label; required.*/
    #[derive(::core::clone::Clone)]
    pub struct Shop(::std::string::String);
    impl ::core::convert::From<&str> for Shop {
        #[inline]
        fn from(value: &str) -> Self {
            Self(<::std::string::String as ::core::convert::From<&str>>::from(value))
        }
    }
    impl ::core::convert::From<::std::string::String> for Shop {
        #[inline]
        fn from(value: ::std::string::String) -> Self {
            Self(value)
        }
    }
    impl ::core::fmt::Debug for Shop {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::core::fmt::Debug::fmt(&self.0, f)
        }
    }
    impl ::oauth_providers::__private::SettingValue<Acme> for Shop {
        const NAME: &'static str = "shop";
        #[inline]
        fn into_value(self) -> ::std::borrow::Cow<'static, str> {
            ::std::borrow::Cow::Owned(self.0)
        }
    }
    /**What the user sees.

The parameter `prompt` of the authorization request; several values are joined by `" "`.*/
    #[derive(::core::clone::Clone, ::core::marker::Copy, ::core::cmp::PartialEq)]
    #[non_exhaustive]
    pub enum Prompt {
        /// `consent`.
        Consent,
        /// `select_account`.
        SelectAccount,
    }
    impl Prompt {
        /// The value as it is sent.
        #[inline]
        pub const fn as_str(self) -> &'static str {
            match self {
                Self::Consent => "consent",
                Self::SelectAccount => "select_account",
            }
        }
    }
    impl ::core::cmp::Eq for Prompt {}
    impl ::core::fmt::Debug for Prompt {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            f.write_str(self.as_str())
        }
    }
    impl ::oauth_providers::__private::OptionValue<Acme> for Prompt {
        const NAME: &'static str = "prompt";
        #[inline]
        fn into_value(self) -> ::std::borrow::Cow<'static, str> {
            ::std::borrow::Cow::Borrowed(self.as_str())
        }
    }
    /// The parameter `login_hint` of the authorization request.
    #[derive(::core::clone::Clone)]
    pub struct LoginHint(::std::string::String);
    impl ::core::convert::From<&str> for LoginHint {
        #[inline]
        fn from(value: &str) -> Self {
            Self(<::std::string::String as ::core::convert::From<&str>>::from(value))
        }
    }
    impl ::core::convert::From<::std::string::String> for LoginHint {
        #[inline]
        fn from(value: ::std::string::String) -> Self {
            Self(value)
        }
    }
    impl ::core::fmt::Debug for LoginHint {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::core::fmt::Debug::fmt(&self.0, f)
        }
    }
    impl ::oauth_providers::__private::OptionValue<Acme> for LoginHint {
        const NAME: &'static str = "login_hint";
        #[inline]
        fn into_value(self) -> ::std::borrow::Cow<'static, str> {
            ::std::borrow::Cow::Owned(self.0)
        }
    }
    /// What Acme sends along with the tokens.
    #[non_exhaustive]
    pub struct Extras {
        /**Where the API is.

`/api_domain` of the token response.*/
        pub api_domain: ::core::option::Option<::std::string::String>,
        /// `/teams` of the token response.
        pub teams: ::std::vec::Vec<u64>,
        /// `/user/type` of the token response.
        pub type_: ::core::option::Option<::std::string::String>,
        /// `/bot/token` of the token response.
        pub bot_token: ::core::option::Option<::std::string::String>,
    }
    impl ::oauth_providers::__private::FromFields for Extras {
        #[inline]
        fn from_fields(
            fields: &mut ::oauth_providers::__private::FieldReader<'_>,
        ) -> Self {
            Self {
                api_domain: fields.opt_url("/api_domain"),
                teams: fields.opt_list_u64("/teams").unwrap_or_default(),
                type_: fields.opt_string("/user/type"),
                bot_token: fields.opt_string("/bot/token"),
            }
        }
    }
    impl ::core::fmt::Debug for Extras {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::oauth_providers::__private::debug_struct(
                f,
                "Extras",
                &[
                    ("api_domain", &self.api_domain),
                    ("teams", &self.teams),
                    ("type_", &self.type_),
                    ("bot_token", &"[redacted]"),
                ],
            )
        }
    }
    /// What Acme sends along with the authorization code.
    #[non_exhaustive]
    pub struct CallbackExtras {
        /**Where the user's data is.

`location` of the callback.*/
        pub location: ::core::option::Option<::std::string::String>,
    }
    impl ::oauth_providers::__private::FromFields for CallbackExtras {
        #[inline]
        fn from_fields(
            fields: &mut ::oauth_providers::__private::FieldReader<'_>,
        ) -> Self {
            Self {
                location: fields.opt_string("/location"),
            }
        }
    }
    impl ::core::fmt::Debug for CallbackExtras {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::oauth_providers::__private::debug_struct(
                f,
                "CallbackExtras",
                &[("location", &self.location)],
            )
        }
    }
    /**Lists the repositories.

`GET /repos` of Acme's API, which needs the scope `repo`.*/
    #[must_use = "this describes a call: give it to `account.call(..)`"]
    pub struct ListRepos {
        call: ::oauth_providers::__private::OperationCall,
    }
    impl ListRepos {
        /// The call `list_repos` with what it cannot do without, for `account.call(..)`.
        #[inline]
        pub fn new() -> Self {
            Self {
                call: ::oauth_providers::__private::OperationCall::new("list_repos"),
            }
        }
        /// Sets the parameter `per_page`.
        #[inline]
        pub fn per_page(self, per_page: u32) -> Self {
            Self {
                call: self.call.set("per_page", per_page),
            }
        }
        /// Sets the parameter `sort`.
        #[inline]
        pub fn sort(
            self,
            sort: impl ::core::convert::Into<::std::string::String>,
        ) -> Self {
            Self {
                call: self
                    .call
                    .set(
                        "sort",
                        ::core::convert::Into::<::std::string::String>::into(sort),
                    ),
            }
        }
    }
    impl ::oauth_providers::__private::ApiCall<Acme> for ListRepos {
        type Output = ::std::vec::Vec<Repo>;
        #[inline]
        fn into_call(self) -> ::oauth_providers::__private::OperationCall {
            self.call
        }
        #[inline]
        fn read(
            output: ::oauth_providers::__private::OperationOutput<'_>,
        ) -> ::core::result::Result<Self::Output, ::std::string::String> {
            output.list()
        }
    }
    /// `GET /repos/{owner}/{repo}` of Acme's API.
    #[must_use = "this describes a call: give it to `account.call(..)`"]
    pub struct GetRepo {
        call: ::oauth_providers::__private::OperationCall,
    }
    impl GetRepo {
        /// The call `get_repo` with what it cannot do without, for `account.call(..)`.
        #[inline]
        pub fn new(
            owner: impl ::core::convert::Into<::std::string::String>,
            repo: impl ::core::convert::Into<::std::string::String>,
        ) -> Self {
            Self {
                call: ::oauth_providers::__private::OperationCall::new("get_repo")
                    .set(
                        "owner",
                        ::core::convert::Into::<::std::string::String>::into(owner),
                    )
                    .set(
                        "repo",
                        ::core::convert::Into::<::std::string::String>::into(repo),
                    ),
            }
        }
    }
    impl ::oauth_providers::__private::ApiCall<Acme> for GetRepo {
        type Output = Repo;
        #[inline]
        fn into_call(self) -> ::oauth_providers::__private::OperationCall {
            self.call
        }
        #[inline]
        fn read(
            output: ::oauth_providers::__private::OperationOutput<'_>,
        ) -> ::core::result::Result<Self::Output, ::std::string::String> {
            output.object()
        }
    }
    /// `POST /issues` of Acme's API, which needs the scopes `repo`, `read:user`.
    #[must_use = "this describes a call: give it to `account.call(..)`"]
    pub struct AddIssue {
        call: ::oauth_providers::__private::OperationCall,
    }
    impl AddIssue {
        /// The call `add_issue` with what it cannot do without, for `account.call(..)`.
        #[inline]
        pub fn new(
            title: impl ::core::convert::Into<::std::string::String>,
            priority: u32,
        ) -> Self {
            Self {
                call: ::oauth_providers::__private::OperationCall::new("add_issue")
                    .set(
                        "title",
                        ::core::convert::Into::<::std::string::String>::into(title),
                    )
                    .set("priority", priority),
            }
        }
        /// Sets the parameter `labels`.
        #[inline]
        pub fn labels(
            self,
            labels: impl ::core::convert::Into<::std::vec::Vec<::std::string::String>>,
        ) -> Self {
            Self {
                call: self
                    .call
                    .set(
                        "labels",
                        <::oauth_providers::__private::Value as ::core::convert::From<
                            ::std::vec::Vec<::std::string::String>,
                        >>::from(::core::convert::Into::into(labels)),
                    ),
            }
        }
        /// Sets the parameter `draft`.
        #[inline]
        pub fn draft(self, draft: bool) -> Self {
            Self {
                call: self.call.set("draft", draft),
            }
        }
        /// Sets the parameter `body`.
        #[inline]
        pub fn body(
            self,
            body: impl ::core::convert::Into<::oauth_providers::__private::Value>,
        ) -> Self {
            Self {
                call: self
                    .call
                    .set(
                        "body",
                        ::core::convert::Into::<
                            ::oauth_providers::__private::Value,
                        >::into(body),
                    ),
            }
        }
    }
    impl ::oauth_providers::__private::ApiCall<Acme> for AddIssue {
        type Output = Issue;
        #[inline]
        fn into_call(self) -> ::oauth_providers::__private::OperationCall {
            self.call
        }
        #[inline]
        fn read(
            output: ::oauth_providers::__private::OperationOutput<'_>,
        ) -> ::core::result::Result<Self::Output, ::std::string::String> {
            output.object()
        }
    }
    /// `PUT /star` of Acme's API.
    #[must_use = "this describes a call: give it to `account.call(..)`"]
    pub struct Star {
        call: ::oauth_providers::__private::OperationCall,
    }
    impl Star {
        /// The call `star` with what it cannot do without, for `account.call(..)`.
        #[inline]
        pub fn new() -> Self {
            Self {
                call: ::oauth_providers::__private::OperationCall::new("star"),
            }
        }
    }
    impl ::oauth_providers::__private::ApiCall<Acme> for Star {
        type Output = ::oauth_providers::__private::Value;
        #[inline]
        fn into_call(self) -> ::oauth_providers::__private::OperationCall {
            self.call
        }
        #[inline]
        fn read(
            output: ::oauth_providers::__private::OperationOutput<'_>,
        ) -> ::core::result::Result<Self::Output, ::std::string::String> {
            output.json()
        }
    }
    /// A result of Acme's API.
    #[non_exhaustive]
    pub struct Repo {
        /// `/id` of the answer.
        pub id: u64,
        /// `/full_name` of the answer.
        pub full_name: ::std::string::String,
        /// `/topics` of the answer.
        pub topics: ::core::option::Option<::std::vec::Vec<::std::string::String>>,
    }
    impl ::oauth_providers::__private::FromFields for Repo {
        #[inline]
        fn from_fields(
            fields: &mut ::oauth_providers::__private::FieldReader<'_>,
        ) -> Self {
            Self {
                id: fields.u64("/id"),
                full_name: fields.string("/full_name"),
                topics: fields.opt_list_string("/topics"),
            }
        }
    }
    impl ::core::fmt::Debug for Repo {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::oauth_providers::__private::debug_struct(
                f,
                "Repo",
                &[
                    ("id", &self.id),
                    ("full_name", &self.full_name),
                    ("topics", &self.topics),
                ],
            )
        }
    }
    /// A result of Acme's API.
    #[non_exhaustive]
    pub struct Issue {
        /// `/url` of the answer.
        pub url: ::std::string::String,
        /// The whole answer.
        pub everything: ::oauth_providers::__private::Value,
    }
    impl ::oauth_providers::__private::FromFields for Issue {
        #[inline]
        fn from_fields(
            fields: &mut ::oauth_providers::__private::FieldReader<'_>,
        ) -> Self {
            Self {
                url: fields.url("/url"),
                everything: fields.json(""),
            }
        }
    }
    impl ::core::fmt::Debug for Issue {
        #[inline]
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::oauth_providers::__private::debug_struct(
                f,
                "Issue",
                &[("url", &self.url), ("everything", &self.everything)],
            )
        }
    }
}
const _: &[&[u8]] = &[];
/// The providers of the folder `providers`, sorted by id: what tools list. Using it links all of them into the program.
#[inline]
pub fn catalog() -> &'static [::oauth_providers::__private::CatalogEntry] {
    const ENTRIES: &[::oauth_providers::__private::CatalogEntry] = &[
        ::oauth_providers::__private::CatalogEntry::new(
            "acme",
            <acme::Acme as ::oauth_providers::__private::Compiled>::spec,
        ),
    ];
    ENTRIES
}
#[cfg(test)]
mod __provider_files {
    #[::core::prelude::v1::test]
    fn every_provider_file_is_compiled_in() {
        const COMPILED: &[&str] = &[];
        let ::core::result::Result::Ok(entries) = ::std::fs::read_dir("") else {
            return
        };
        for entry in entries {
            let ::core::result::Result::Ok(entry) = entry else { continue };
            let name = entry.file_name();
            let ::core::option::Option::Some(name) = name.to_str() else { continue };
            let other = name.starts_with('.') || !name.ends_with(".yaml");
            ::core::assert!(
                other || COMPILED.contains(& name), "{}/{} {}", "providers", name,
                "is not compiled in: cargo does not notice a new file by itself. Put this line into a build.rs beside Cargo.toml: fn main() { println!(\"cargo::rerun-if-changed=providers\"); }"
            );
        }
    }
}
