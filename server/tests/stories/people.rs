//! People: how they come in, how they are shown the door, and what that does to sessions that live.

use std::time::Duration;

use protocol::api::{
    CreatedUser, GroupDetail, GroupList, ImportReport, Invitation, InvitedPerson, Me, ProblemCode, UserDetail, UserList,
};
use protocol::ids::{GroupId, UserId};
use protocol::link::{ToAgent, close};
use protocol::reason::EndReason;
use serde_json::{Value, json};
use server::clock::Clock;
use server::test_server::{PASSWORD, user};

use crate::support::http::{Answer, Browser};
use crate::support::world::{Session, World, quick};

const NEW_PASSWORD: &str = "a password of my own";

/// A world in which nothing but the change itself ends a session.
async fn without_rechecks() -> World {
    let mut limits = quick();
    limits.session.recheck_every = Duration::from_hours(1);
    World::with(limits, Clock::system()).await
}

async fn id_of(browser: &Browser, q: &str) -> UserId {
    let list: UserList = browser.get(&format!("/users?q={q}")).await.json(200);
    assert_eq!(list.n_matching, 1, "{q}");
    list.users[0].id
}

async fn group_of(browser: &Browser, q: &str) -> GroupId {
    let list: GroupList = browser.get(&format!("/groups?q={q}")).await.json(200);
    list.groups[0].id
}

async fn set_disabled(browser: &Browser, user: UserId, disabled: bool) -> Answer {
    let detail: UserDetail = browser.get(&format!("/users/{user}")).await.json(200);
    let edit = json!({"name": detail.user.name, "disabled": disabled, "version": detail.version});
    browser.put(&format!("/users/{user}"), &edit).await
}

fn token(invitation: &Invitation) -> &str {
    invitation.url.split_once("/welcome#").expect("the portal's page").1
}

async fn accept(browser: &Browser, token: &str) -> Answer {
    browser.post("/invitation", &json!({"token": token, "password": NEW_PASSWORD})).await
}

async fn sign_in(world: &World, email: &str, password: &str) -> Answer {
    world.nobody().post("/login", &json!({"email": email, "password": password})).await
}

/// The browser after the server has set its login cookie.
fn signed_in(browser: Browser, answer: &Answer) -> Browser {
    let cookies = answer.headers.iter().filter(|(name, _)| name == "set-cookie");
    let mut pairs = cookies.filter_map(|(_, value)| value.split(';').next());
    browser.with_cookie(pairs.find(|pair| pair.starts_with("sid=")).expect("a login cookie"))
}

/// The console is told, both sockets are closed and the end is in the log.
async fn ended(world: &World, session: &mut Session, reason: EndReason) {
    assert_eq!(world.the_end().await, reason.code(), "stored before the answer");
    assert_eq!(world.live_sessions("aurora").await, 0);
    let expected = ToAgent::End { session: session.started.session, reason };
    assert_eq!(session.agent.receive_order().await, expected);
    assert_eq!(session.viewer_socket.closed().await, close::SESSION_ENDED);
    assert_eq!(session.agent_socket.closed().await, close::SESSION_ENDED);
}

#[tokio::test]
async fn an_invitation_brings_somebody_in_once() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    let wanted = json!({"email": "nora@example.com", "name": "Nora New"});
    let created: CreatedUser = administrator.post("/users", &wanted).await.json(201);
    let first = token(&created.invitation).to_owned();
    let again: Invitation =
        administrator.post(&format!("/users/{}/invitation", created.user.id), &Value::Null).await.json(200);
    let second = token(&again).to_owned();
    let check = async |token: &str| world.nobody().post("/invitation/check", &json!({"token": token})).await;
    assert_eq!(check(&first).await.problem().code, ProblemCode::InvitationSpent, "replaced by the second");
    let person: InvitedPerson = check(&second).await.json(200);
    assert_eq!((person.name.as_str(), person.organisation.as_str()), ("Nora New", "Contoso"));

    let answer = accept(&world.nobody(), &second).await;
    let me: Me = answer.json(200);
    assert_eq!((me.user.id, me.user.email.as_str()), (created.user.id, "nora@example.com"));
    let nora = signed_in(world.nobody(), &answer);
    assert_eq!(nora.get("/me").await.status, 200);
    assert_eq!(accept(&world.nobody(), &second).await.problem().code, ProblemCode::InvitationSpent);
    assert_eq!(sign_in(&world, "nora@example.com", NEW_PASSWORD).await.status, 200);

    // A lost password: the old one and its logins work until the link is used, and not a moment longer.
    let lost: Invitation =
        administrator.post(&format!("/users/{}/invitation", created.user.id), &Value::Null).await.json(200);
    let mut pages = nora.events().await;
    assert_eq!(nora.get("/me").await.status, 200);
    assert_eq!(accept(&world.nobody(), token(&lost)).await.status, 200);
    assert_eq!(nora.get("/me").await.problem().code, ProblemCode::NotSignedIn);
    pages.ended().await;
    for event in world.events("user.invited").await {
        assert!(![&first, &second].iter().any(|token| event.to_string().contains(*token)));
    }
}

#[tokio::test]
async fn links_tell_strangers_nothing() {
    let world = World::start().await;
    let administrator = world.sign_in("admin").await;
    let link = async |who: &str| {
        let id = id_of(&administrator, who).await;
        let link: Invitation = administrator.post(&format!("/users/{id}/invitation"), &Value::Null).await.json(200);
        token(&link).to_owned()
    };
    let (used, disabled) = (link("stranger@").await, link("guest@").await);
    assert_eq!(accept(&world.nobody(), &used).await.status, 200);
    let guest = id_of(&administrator, "guest@").await;
    assert_eq!(set_disabled(&administrator, guest, true).await.status, 200);
    let unknown = accept(&world.nobody(), &"A".repeat(43)).await;
    assert_eq!((unknown.status, unknown.problem().code), (409, ProblemCode::InvitationSpent));
    for token in [used.as_str(), disabled.as_str(), "", "%00", &"x".repeat(10_000)] {
        let checked = world.nobody().post("/invitation/check", &json!({"token": token})).await;
        for answer in [checked, accept(&world.nobody(), token).await] {
            assert_eq!((answer.status, &answer.body), (409, &unknown.body));
        }
    }
    let foreign = world.sign_in_as("admin@fabrikam.example").await;
    let taken = foreign.post("/users", &json!({"email": "guest@example.com", "name": "Gus"})).await.problem();
    assert_eq!((taken.status, taken.detail.as_str()), (409, "This address cannot be used here."));
    let own = administrator.post("/users", &json!({"email": "guest@example.com", "name": "Gus"})).await.problem();
    assert_eq!(own.detail, "Gus Guest has this address already.");
}

#[tokio::test]
async fn who_is_disabled_leaves_at_once() {
    let world = without_rechecks().await;
    let mut session = world.session().await;
    session.exchange(b"before", b"it").await;
    let administrator = world.sign_in("admin").await;
    let mut pages = session.browser.events().await;
    let technician = id_of(&administrator, "modifier-of-aurora").await;
    assert_eq!(set_disabled(&administrator, technician, true).await.status, 200);
    ended(&world, &mut session, EndReason::Revoked).await;
    pages.ended().await;
    assert_eq!(session.browser.get("/me").await.problem().code, ProblemCode::NotSignedIn);
    let refused = sign_in(&world, "modifier-of-aurora@example.com", PASSWORD).await;
    assert_eq!(refused.problem().code, ProblemCode::WrongCredentials);
    assert_eq!(set_disabled(&administrator, technician, false).await.status, 200);
    assert_eq!(session.browser.get("/me").await.status, 401, "the login of before stays dead");
    assert_eq!(sign_in(&world, "modifier-of-aurora@example.com", PASSWORD).await.status, 200);
}

#[tokio::test]
async fn who_leaves_a_group_loses_what_it_gave() {
    let world = without_rechecks().await;
    world
        .bootstrap(
            r#"
            [[tenant]]
            id = "contoso"
            name = "Contoso"
            [[tenant.group]]
            name = "Night shift"
            members = ["stranger@example.com"]
            [[tenant.assignment]]
            role = "Console technicians"
            member_groups = ["Night shift"]
            rooms = ["aurora"]
            "#,
        )
        .await;
    let agent = world.console("aurora", 1).await;
    let mut session = world.session_with(world.sign_in("stranger").await, agent).await;
    session.exchange(b"before", b"it").await;
    let administrator = world.sign_in("admin").await;
    let (group, user) = (group_of(&administrator, "night").await, id_of(&administrator, "stranger@").await);
    assert_eq!(administrator.delete(&format!("/groups/{group}/members/{user}")).await.status, 204);
    ended(&world, &mut session, EndReason::Revoked).await;
    assert_eq!(session.browser.get("/me").await.status, 200, "the login is not concerned");
}

#[tokio::test]
async fn a_group_that_goes_takes_its_sessions_with_it() {
    let world = without_rechecks().await;
    let administrator = world.sign_in("admin").await;
    let stranger = id_of(&administrator, "stranger@").await;
    let group: GroupDetail =
        administrator.post("/groups", &json!({"name": "Night shift", "members": [stranger]})).await.json(201);
    world
        .bootstrap(
            "[[tenant]]\nid=\"contoso\"\nname=\"Contoso\"\n[[tenant.assignment]]\nrole=\"Console technicians\"\n\
             member_groups=[\"night shift\"]\nrooms=[\"aurora\"]",
        )
        .await;
    let agent = world.console("aurora", 1).await;
    let mut session = world.session_with(world.sign_in("stranger").await, agent).await;
    session.exchange(b"before", b"it").await;
    assert_eq!(administrator.delete(&format!("/groups/{}", group.group.id)).await.status, 204);
    ended(&world, &mut session, EndReason::Revoked).await;
}

#[tokio::test]
async fn signing_out_everywhere_ends_the_sessions_of_every_browser() {
    let world = without_rechecks().await;
    let mut session = world.session().await;
    session.exchange(b"before", b"it").await;
    let elsewhere = world.modifier_of("aurora").await;
    let other = world.viewer_of("aurora").await;
    let answer = elsewhere.delete("/me/logins").await;
    assert_eq!(answer.status, 204);
    let cleared = answer.headers.iter().any(|(name, value)| name == "set-cookie" && value.starts_with("sid=;"));
    assert!(cleared, "{:?}", answer.headers);
    ended(&world, &mut session, EndReason::SignedOut).await;
    for browser in [&elsewhere, &session.browser] {
        assert_eq!(browser.get("/me").await.problem().code, ProblemCode::NotSignedIn);
    }
    assert_eq!(other.get("/me").await.status, 200);
}

#[tokio::test]
async fn a_new_password_ends_the_other_logins_and_their_sessions() {
    let world = without_rechecks().await;
    let mut session = world.session().await;
    session.exchange(b"before", b"it").await;
    let here = world.modifier_of("aurora").await;
    let wrong = here.put("/me/password", &json!({"present": "wrong", "new": NEW_PASSWORD})).await;
    assert_eq!((wrong.status, wrong.problem().code), (401, ProblemCode::WrongCredentials));
    session.exchange(b"still", b"here").await;
    let answer = here.put("/me/password", &json!({"present": PASSWORD, "new": NEW_PASSWORD})).await;
    assert_eq!(answer.status, 204, "{}", answer.body);
    ended(&world, &mut session, EndReason::SignedOut).await;
    assert_eq!(here.get("/me").await.status, 200);
    assert_eq!(session.browser.get("/me").await.status, 401);
    assert_eq!(sign_in(&world, "modifier-of-aurora@example.com", PASSWORD).await.status, 401);
    assert_eq!(sign_in(&world, "modifier-of-aurora@example.com", NEW_PASSWORD).await.status, 200);
}

#[tokio::test]
async fn a_rooms_manager_takes_over_nobody_above_them() {
    let world = World::start().await;
    let manager = user("manager@example.com", "Mia Manager", "\"Rooms Manager\"");
    world.bootstrap(&format!("[[tenant]]\nid=\"contoso\"\nname=\"Contoso\"\n{manager}")).await;
    let manager = world.sign_in("manager").await;
    let table = |email: &str, name: &str| json!({"csv": format!("email,name,groups,disabled\n{email},{name},,true\n"), "apply": true});
    for (who, name) in [("admin", "Ada Admin"), ("modifier-of-aurora", "Tina Technician")] {
        let id = id_of(&manager, &format!("{who}@")).await;
        let link = manager.post(&format!("/users/{id}/invitation"), &Value::Null).await;
        for answer in [link, set_disabled(&manager, id, true).await] {
            let problem = answer.problem();
            assert_eq!((problem.status, problem.code), (403, ProblemCode::Forbidden), "{who}");
            assert!(problem.detail.starts_with(name), "{}", problem.detail);
        }
        let report: ImportReport =
            manager.post("/users/import", &table(&format!("{who}@example.com"), name)).await.json(200);
        assert!(!report.applied && report.problems[0].problem.starts_with(name), "{report:?}");
        assert_eq!(sign_in(&world, &format!("{who}@example.com"), PASSWORD).await.status, 200, "{who}");
    }
    assert!(world.events("user.invited").await.is_empty() && world.events("user.disabled").await.is_empty());
    let stranger = id_of(&manager, "stranger@").await;
    assert_eq!(manager.post(&format!("/users/{stranger}/invitation"), &Value::Null).await.status, 200);
}

#[tokio::test]
async fn a_table_does_what_its_dry_run_told() {
    let world = without_rechecks().await;
    let mut session = world.session().await;
    let administrator = world.sign_in("admin").await;
    let csv = "\u{feff}email,name,groups,disabled\r\nmodifier-of-aurora@example.com,Tina Technician,,true\r\n\
               nora@example.com,\"New, Nora\",Night shift;All,\r\nguest@example.com,Gus Guest,All,false\r\n";
    let run = async |apply: bool| -> ImportReport {
        administrator.post("/users/import", &json!({"csv": csv, "apply": apply})).await.json(200)
    };
    let told = run(false).await;
    assert_eq!((told.problems.len(), told.changes.len(), told.applied), (0, 3, false));
    session.exchange(b"a dry run", b"ends nothing").await;
    assert_eq!(administrator.get("/users?q=nora").await.json::<UserList>(200).n_matching, 0);

    let done = run(true).await;
    assert_eq!(done, ImportReport { applied: true, ..told });
    ended(&world, &mut session, EndReason::Revoked).await;
    let exported = administrator.get("/users/export.csv").await;
    assert_eq!(exported.status, 200);
    for line in
        ["nora@example.com,\"New, Nora\",All;Night shift,false\r\n", "guest@example.com,Gus Guest,All,false\r\n"]
    {
        assert!(exported.body.contains(line), "{}", exported.body);
    }
    let again: ImportReport =
        administrator.post("/users/import", &json!({"csv": exported.body, "apply": true})).await.json(200);
    assert_eq!((again.changes.len(), again.problems.len()), (0, 0), "{again:?}");
    let foreign = world.sign_in_as("admin@fabrikam.example").await;
    assert!(!foreign.get("/users/export.csv").await.body.contains("contoso"));
}
