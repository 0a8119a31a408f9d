use super::*;
use oauth_core::Browser;
#[tokio::test]
async fn catalog() {
    let mut files: Vec<_> = std::fs::read_dir("../providers").unwrap().map(|e| e.unwrap().path()).filter(|p| p.extension().is_some_and(|e| e == "yaml")).collect();
    files.sort();
    for file in files {
        let spec = match ProviderSpec::from_yaml_file(&file) { Ok(s) => s, Err(f) => { println!("{}: LOAD {f}", file.display()); continue } };
        let id = spec.id.clone();
        let mut b = builder(spec.clone());
        for s in spec.required_settings() { b = b.setting(s.name.clone(), match s.kind { oauth_core::spec::SettingKind::Host => "a.example.com", oauth_core::spec::SettingKind::Url => "https://a.example.com", oauth_core::spec::SettingKind::Enum => &s.values[0].0, _ => "7" }); }
        let sim = match b.start().await { Ok(s) => s, Err(e) => { println!("{id}: START {e}"); continue } };
        let client = sim.dynamic_client().unwrap().redirect_uri(REDIRECT);
        let r: Result<(), Box<dyn std::error::Error>> = async {
            let (url, pending, browser) = client.authorize().begin().await?.into_parts();
            let cb = sim.scripted_user().approve(url.as_ref()).await?;
            let account = client.callback(cb, pending, Browser::from(browser)).await?;
            if spec.profile.is_some() { account.profile().await?; }
            if let Some(api) = &spec.api {
                account.get("/zzz").send().await?.error_for_status()?;
                for op in &api.operations { if op.parameters.iter().all(|p| p.kind.optional) { if let Err(e) = account.call(oauth_core::OperationCall::new(&op.name)).await { println!("{id}: op {} {e}", op.name); } } }
            }
            if spec.refresh.is_some() { account.refresh().await?; }
            Ok(())
        }.await;
        println!("{id}: {}", r.map_or_else(|e| format!("FAIL {e} / {:?}", sim.requests().last()), |()| "ok".into()));
    }
}
