//! Opting in to remote access and out of it: who may, what is written down, and what it means for sessions.

use std::time::Duration;

use protocol::api::{ACKNOWLEDGEMENT, CallPolicy, GateChecklist, ProblemCode, RemoteAccessSettings, ShortcutPolicy};
use protocol::link::{CallState, FromAgent, ToAgent, close};
use protocol::reason::EndReason;
use protocol::refusal::RefusalCode;
use protocol::terms::Terms;
use protocol::time::Micros;
use serde_json::{Value, json};
use server::clock::Clock;
use server::test_server::user;

use crate::support::http::{Answer, Browser};
use crate::support::world::{World, quick};

const PATH: &str = "/settings/remote-access";

async fn settings(browser: &Browser) -> RemoteAccessSettings {
    browser.get(PATH).await.json(200)
}

async fn put(browser: &Browser, settings: &RemoteAccessSettings) -> Answer {
    browser.put(PATH, &serde_json::to_value(settings).unwrap()).await
}

/// Saves the present settings after `change`.
async fn save(browser: &Browser, change: impl FnOnce(&mut RemoteAccessSettings)) -> Answer {
    let mut settings = settings(browser).await;
    change(&mut settings);
    put(browser, &settings).await
}

async fn disable(browser: &Browser) -> RemoteAccessSettings {
    save(browser, |settings| settings.enabled = false).await.json(200)
}

async fn enable(browser: &Browser, address: Option<&str>) -> Answer {
    save(browser, |settings| {
        settings.enabled = true;
        settings.acknowledged_by = address.map(str::to_owned);
    })
    .await
}

/// A world in which nothing but the change itself ends a session.
async fn without_rechecks() -> World {
    let mut limits = quick();
    limits.session.recheck_every = Duration::from_hours(1);
    World::with(limits, Clock::system()).await
}

/// How many records there are of changed settings.
async fn n_records(world: &World, tenant: &str) -> usize {
    let mut n = 0;
    for kind in ["remote_access.enabled", "remote_access.disabled", "remote_access.changed"] {
        n += world.events_of(tenant, kind).await.len();
    }
    n
}

/// The change of one field in an event.
fn change<'a>(event: &'a Value, field: &str) -> (&'a Value, &'a Value) {
    let changes = event["changes"].as_array().unwrap();
    let change = changes.iter().find(|change| change["field"] == field).expect("a change of this field");
    (&change["before"], &change["after"])
}

/// People whose roles come near to those that may change settings.
fn people() -> String {
    format!(
        r#"
        [[tenant]]
        id = "contoso"
        name = "Contoso"
        {manager}{lead}{technician}{local}{custom}
        [[tenant.role]]
        name = "Settings of everywhere that has a name"
        permissions = ["service_settings.view", "service_settings.modify"]
        [[tenant.assignment]]
        role = "Settings of everywhere that has a name"
        members = ["custom@example.com"]
        rooms = ["aurora", "borealis", "cumulus"]
        places = ["Germany", "Norway"]
        [[tenant.assignment]]
        role = "Rooms Manager"
        members = ["local@example.com"]
        places = ["Germany"]
        "#,
        manager = user("manager@example.com", "Mia Manager", "\"Rooms Manager\""),
        lead = user("lead@example.com", "Lea Lead", "\"Site Lead\""),
        technician = user("site-technician@example.com", "Sid Site", "\"Site Technician\""),
        local = user("local@example.com", "Lou Local", ""),
        custom = user("custom@example.com", "Cleo Custom", ""),
    )
}

#[tokio::test]
async fn only_global_administrators_and_rooms_managers_read_and_save() {
    let world = World::start().await;
    world.bootstrap(&people()).await;
    let administrator = world.sign_in("admin").await;
    let before = settings(&administrator).await;
    let n_before = n_records(&world, "contoso").await;
    let mut wanted = before.clone();
    wanted.enabled = false;
    for who in
        ["modifier-of-aurora", "viewer-of-aurora", "guest", "stranger", "lead", "site-technician", "local", "custom"]
    {
        let browser = world.sign_in(who).await;
        for answer in [browser.get(PATH).await, put(&browser, &wanted).await] {
            assert_eq!((answer.status, answer.problem().code), (403, ProblemCode::Forbidden), "{who}");
        }
    }
    for answer in [world.nobody().get(PATH).await, put(&world.nobody(), &wanted).await] {
        assert_eq!((answer.status, answer.problem().code), (401, ProblemCode::NotSignedIn));
    }
    assert_eq!(settings(&administrator).await, before);
    assert_eq!(n_records(&world, "contoso").await, n_before);

    for who in ["manager", "admin"] {
        let browser = world.sign_in(who).await;
        let answer = save(&browser, |settings| settings.room_may_end = !settings.room_may_end).await;
        assert_eq!(answer.status, 200, "{who}: {}", answer.body);
    }
    assert_eq!(n_records(&world, "contoso").await, n_before + 2);
}

#[tokio::test]
async fn enabling_needs_the_address_of_who_acknowledges_it() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let off = disable(&administrator).await;
    assert_eq!((off.enabled, &off.acknowledged_by), (false, &None));
    let n_before = n_records(&world, "contoso").await;
    for address in
        [None, Some(""), Some("ada"), Some("ada@"), Some("@example.com"), Some("a@example.com, b@example.com")]
    {
        let problem = enable(&administrator, address).await.problem();
        assert_eq!((problem.status, problem.code), (400, ProblemCode::BadRequest), "{address:?}");
        assert!(problem.detail.starts_with("acknowledged_by: "), "{}", problem.detail);
    }
    assert_eq!(settings(&administrator).await, off);
    assert_eq!(n_records(&world, "contoso").await, n_before);
    let (answer, ()) = world.ask(&technician, "aurora", async {}).await;
    assert_eq!(answer.problem().refusal, Some(RefusalCode::NotEnabled));

    let on: RemoteAccessSettings = enable(&administrator, Some(" privacy@example.com ")).await.json(200);
    assert_eq!((on.enabled, on.acknowledged_by.as_deref()), (true, Some("privacy@example.com")));
    assert_eq!(settings(&administrator).await, on);
    world.agreed(&technician, &mut agent).await;
    let event = world.events("remote_access.enabled").await.pop().unwrap();
    assert_eq!(event["acknowledged_by"], "privacy@example.com");
    assert_eq!(event["acknowledgement"], ACKNOWLEDGEMENT);
    assert_eq!((&event["actor"]["type"], &event["actor"]["name"]), (&json!("user"), &json!("Ada Admin")));
    assert_eq!(event["client_address"], "127.0.0.1");
    assert_eq!(change(&event, "enabled"), (&json!(false), &json!(true)));
}

#[tokio::test]
async fn a_save_writes_one_event_with_old_and_new_values() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    let n_before = n_records(&world, "contoso").await;
    let saved = save(&administrator, |settings| {
        settings.when_call_starts = CallPolicy::End;
        settings.view_shortcuts = ShortcutPolicy::Safe;
        settings.idle_limit_s = 600;
        settings.decline_within_s = Some(20);
        settings.audit_retention_days = 90;
    })
    .await;
    let saved: RemoteAccessSettings = saved.json(200);
    assert_eq!(settings(&administrator).await, saved);
    assert_eq!(n_records(&world, "contoso").await, n_before + 1);
    let event = world.events("remote_access.changed").await.pop().unwrap();
    let expected = [
        ("when_call_starts", json!("pause"), json!("end")),
        ("view_shortcuts", json!("all"), json!("safe")),
        ("idle_limit_s", json!(900), json!(600)),
        ("decline_within_s", json!(null), json!(20)),
        ("audit_retention_days", json!(180), json!(90)),
    ];
    assert_eq!(event["changes"].as_array().unwrap().len(), expected.len(), "and nothing that stayed: {event}");
    for (field, before, after) in &expected {
        assert_eq!(change(&event, field), (before, after), "{field}");
    }
    assert_eq!(
        (&event["acknowledged_by"], &event["actor"]["name"]),
        (&json!("admin@example.com"), &json!("Ada Admin"))
    );

    disable(&administrator).await;
    let event = world.events("remote_access.disabled").await.pop().unwrap();
    assert_eq!(change(&event, "enabled"), (&json!(true), &json!(false)));
    assert_eq!(change(&event, "acknowledged_by"), (&json!("admin@example.com"), &json!(null)));
}

#[tokio::test]
async fn two_administrators_do_not_overwrite_each_other() {
    let world = World::start().await;
    world.bootstrap(&people()).await;
    let (ada, mia) = (world.sign_in("admin").await, world.sign_in("manager").await);
    let (mut of_ada, mut of_mia) = (settings(&ada).await, settings(&mia).await);
    assert_eq!(of_ada, of_mia);
    of_ada.room_may_end = false;
    of_mia.maximum_s = 3600;
    let saved: RemoteAccessSettings = put(&ada, &of_ada).await.json(200);
    assert_ne!(saved.version, of_ada.version);
    let refused = put(&mia, &of_mia).await;
    assert_eq!((refused.status, refused.problem().code), (409, ProblemCode::Conflict));
    assert_eq!(settings(&mia).await, saved);
    assert_eq!(save(&mia, |settings| settings.maximum_s = 3600).await.status, 200, "after loading again");
    let both = settings(&ada).await;
    assert_eq!((both.room_may_end, both.maximum_s), (false, 3600));

    let mut at_once = (both.clone(), both.clone());
    at_once.0.idle_limit_s = 60;
    at_once.1.idle_limit_s = 120;
    let (first, second) = tokio::join!(put(&ada, &at_once.0), put(&mia, &at_once.1));
    let mut statuses = [first.status, second.status];
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
}

#[tokio::test]
async fn what_cannot_be_written_down_is_not_changed() {
    let world = World::start().await;
    let mut session = world.session().await;
    let administrator = world.sign_in("admin").await;
    let before = settings(&administrator).await;
    world
        .execute(
            "CREATE TRIGGER full_event BEFORE INSERT ON audit_event
             BEGIN SELECT RAISE(ABORT, 'database or disk is full'); END;",
        )
        .await;
    let answer = save(&administrator, |settings| settings.enabled = false).await;
    assert_eq!((answer.status, answer.problem().code), (500, ProblemCode::Internal));
    assert_eq!(settings(&administrator).await, before);
    session.exchange(b"the session", b"goes on").await;
}

#[tokio::test]
async fn disabling_ends_the_live_sessions_of_this_tenant_at_once() {
    let world = without_rechecks().await;
    world
        .bootstrap(&format!(
            r#"
            [[tenant]]
            id = "fabrikam"
            name = "Fabrikam"
            remote_access = {{ enabled = true, acknowledged_by = "admin@fabrikam.example" }}
            {technician}
            [[tenant.role]]
            name = "Console technicians"
            permissions = ["remote_access.modify"]
            [[tenant.assignment]]
            role = "Console technicians"
            members = ["tech@fabrikam.example"]
            rooms = ["fabric"]
            "#,
            technician = user("tech@fabrikam.example", "Theo Technician", ""),
        ))
        .await;
    let elsewhere = world.console("fabric", 2).await;
    let mut elsewhere = world.session_with(world.sign_in_as("tech@fabrikam.example").await, elsewhere).await;
    let mut session = world.session().await;
    session.exchange(b"before", b"it").await;

    // The console says nothing: its word is not waited for.
    disable(&world.sign_in("admin").await).await;
    assert_eq!(world.the_end().await, "disabled", "stored before the answer");
    assert_eq!(world.live_sessions("aurora").await, 0);
    let expected = ToAgent::End { session: session.started.session, reason: EndReason::Disabled };
    assert_eq!(session.agent.receive_order().await, expected);
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    assert_eq!(session.agent_socket.closed().await, close::SESSION_ENDED);
    let (answer, ()) = world.ask(&session.browser, "aurora", async {}).await;
    assert_eq!(answer.problem().refusal, Some(RefusalCode::NotEnabled));

    elsewhere.exchange(b"still", b"here").await;
    assert_eq!(world.events_of("fabrikam", "session.end").await.len(), 0);
}

#[tokio::test]
async fn a_session_that_is_being_started_meanwhile_does_not_slip_through() {
    let world = without_rechecks().await;
    let mut agent = world.console("aurora", 1).await;
    let (administrator, technician) = (world.sign_in("admin").await, world.modifier_of("aurora").await);
    let console = async {
        let ToAgent::NonceRequest { request } = agent.receive_order().await else { panic!("a request for a nonce") };
        // The gate was open and has been passed.
        disable(&administrator).await;
        let nonce = protocol::link::FromAgent::Nonce { request, nonce: [1; 32], call: CallState::Idle };
        agent.send(&nonce).await;
    };
    let (answer, ()) = world.ask(&technician, "aurora", console).await;
    assert_eq!((answer.status, answer.problem().refusal), (409, Some(RefusalCode::NotEnabled)));
    assert_eq!(world.the_end().await, "disabled");
    let order = agent.receive_order().await;
    assert!(matches!(order, ToAgent::End { reason: EndReason::Disabled, .. }), "no offer came before: {order:?}");
}

#[tokio::test]
async fn new_limits_hold_for_sessions_that_start_afterwards() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let (_, before) = world.agreed(&technician, &mut agent).await;
    assert_eq!(before.grant.limits.idle, Micros::from_secs(900));
    let administrator = world.sign_in("admin").await;
    let saved = save(&administrator, |settings| {
        settings.idle_limit_s = 300;
        settings.maximum_s = 1800;
    })
    .await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    assert_eq!(world.live_sessions("aurora").await, 1, "the session from before lives on");
    let (_, after) = world.agreed(&technician, &mut agent).await;
    let limits = after.grant.limits;
    assert_eq!((limits.idle, limits.maximum), (Micros::from_secs(300), Micros::from_secs(1800)));
}

#[tokio::test]
async fn the_grant_carries_the_policies_that_hold_when_it_is_signed() {
    let world = World::start().await;
    let mut agent = world.console("aurora", 1).await;
    let viewer = world.viewer_of("aurora").await;
    let (started, before) = world.agreed(&viewer, &mut agent).await;
    let usual = Terms {
        when_call_starts: CallPolicy::Pause,
        view_shortcuts: ShortcutPolicy::All,
        decline_within: None,
        room_may_end: true,
    };
    assert_eq!((before.grant.terms, started.view_shortcuts), (usual, ShortcutPolicy::All));
    let gate: GateChecklist = viewer.get("/rooms/aurora/remote-access").await.json(200);
    assert_eq!(gate.decline_within_s, None);

    let administrator = world.sign_in("admin").await;
    let saved = save(&administrator, |settings| {
        settings.when_call_starts = CallPolicy::End;
        settings.view_shortcuts = ShortcutPolicy::Safe;
        settings.decline_within_s = Some(20);
        settings.room_may_end = false;
    })
    .await;
    assert_eq!(saved.status, 200, "{}", saved.body);
    let gate: GateChecklist = viewer.get("/rooms/aurora/remote-access").await.json(200);
    assert_eq!(gate.decline_within_s, Some(20));
    let (started, after) = world.agreed(&viewer, &mut agent).await;
    let changed = Terms {
        when_call_starts: CallPolicy::End,
        view_shortcuts: ShortcutPolicy::Safe,
        decline_within: Some(Micros::from_secs(20)),
        room_may_end: false,
    };
    assert_eq!((after.grant.terms, started.view_shortcuts), (changed, ShortcutPolicy::Safe));
}

#[tokio::test]
async fn switching_off_takes_the_question_to_the_room_back() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    assert_eq!(save(&administrator, |settings| settings.decline_within_s = Some(20)).await.status, 200);
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let console = async {
        agent.give_nonce([1; 32], CallState::Idle).await;
        let offer = agent.take_offer().await;
        let withdrawn = async {
            let order = agent.receive_order().await;
            assert!(matches!(order, ToAgent::End { reason: EndReason::Disabled, .. }), "{order:?}");
            let code = RefusalCode::AgentRefused;
            agent.send(&FromAgent::Refused { request: offer.request, code }).await;
        };
        tokio::join!(disable(&administrator), withdrawn);
    };
    let (answer, ()) = world.ask(&technician, "aurora", console).await;
    assert_eq!((answer.status, answer.problem().refusal), (409, Some(RefusalCode::NotEnabled)));
    assert_eq!(world.the_end().await, "disabled");
}

#[tokio::test]
async fn a_console_that_asks_its_room_has_that_much_longer_to_agree() {
    let mut limits = quick();
    // Without the room's time, the console would have none.
    limits.link.offer_within = Duration::ZERO;
    let clock = Clock::manual(1_767_225_600_000);
    let world = World::with(limits, clock.clone()).await;
    let administrator = world.sign_in("admin").await;
    assert_eq!(save(&administrator, |settings| settings.decline_within_s = Some(30)).await.status, 200);
    let mut agent = world.console("aurora", 1).await;
    let technician = world.modifier_of("aurora").await;
    let console = async {
        agent.give_nonce([1; 32], CallState::Idle).await;
        let offer = agent.take_offer().await;
        // As long as a ticket is good otherwise.
        clock.advance(Duration::from_secs(30));
        agent.send(&FromAgent::Accepted { request: offer.request, session: offer.grant.session }).await;
        offer
    };
    let (answer, offer) = world.ask(&technician, "aurora", console).await;
    let mut session = world.connected(technician, agent, answer.json(201), offer).await;
    session.exchange(b"hello", b"console").await;
}

#[tokio::test]
async fn open_pages_of_the_tenant_are_told() {
    let world = World::start().await;
    let mut pages = world.viewer_of("aurora").await.events().await;
    let foreign_administrator = world.sign_in_as("admin@fabrikam.example").await;
    let mut foreign = foreign_administrator.events().await;
    let administrator = world.sign_in("admin").await;
    disable(&administrator).await;
    assert_eq!(pages.next_of("settings_changed").await, json!({ "kind": "settings_changed" }));

    // The tenants know nothing of each other.
    let own = settings(&foreign_administrator).await;
    assert!(!own.enabled);
    enable(&foreign_administrator, Some("fay@fabrikam.example")).await.json::<RemoteAccessSettings>(200);
    foreign.next_of("settings_changed").await;
    assert!(!settings(&administrator).await.enabled);
    assert_eq!(world.events("remote_access.enabled").await.len(), 1, "that of the first day");
    assert_eq!(world.events_of("fabrikam", "remote_access.disabled").await.len(), 0);
}
