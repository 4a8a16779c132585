//! Every session leaves one receipt, and the agent says it until the server has taken it.

use protocol::access::Access;
use protocol::control::Command;
use protocol::ids::{SessionId, TenantId};
use protocol::link::{Enrolment, FromAgent, ToAgent};
use protocol::reason::EndReason;
use protocol::secure::{EndFound, Receipt};

use crate::support::agent::{Console, short};
use crate::support::server::{CONSOLE, Link, Server};

const SESSION: SessionId = SessionId([31; 16]);
const OTHER: SessionId = SessionId([32; 16]);

/// Nothing that the agent says up to its answer is a receipt.
async fn assert_no_receipt(server: &mut Server, link: &mut Link) {
    link.hello().await;
    let request = server.next_request();
    link.send(&ToAgent::NonceRequest { request }).await;
    loop {
        match link.receive().await {
            FromAgent::Nonce { request: answered, .. } if answered == request => return,
            message => assert_eq!(link.receipt(&message), None),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_has_one_receipt_with_what_the_console_knows() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    viewer.command(Command::SetRestartOnEnd { on: false }).await;
    viewer.command(Command::End).await;
    let receipt = link.next_receipt().await;
    assert!(receipt.shown_ms.is_some(), "there was a picture");
    let expected = Receipt {
        tenant: TenantId::new("contoso").expect("a slug"),
        console: CONSOLE,
        session: SESSION,
        number: 1,
        reason: EndReason::EndedByViewer,
        restarts: false,
        viewer_came: true,
        shown_ms: receipt.shown_ms,
        found: EndFound::Clean,
    };
    assert_eq!(receipt, expected);
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_session_whose_viewer_never_came_has_its_receipt_too() {
    let (mut console, mut server) = (Console::new(), Server::start().await);
    console.timing = short();
    let agent = console.start(&server);
    let mut link = server.link().await;
    let key = protocol::secure::Secret::new([5; 32]);
    let grant = server.grant(&mut link, SESSION, key.public_key(), Access::View).await;
    let signed = server.grants.sign(&grant);
    server.offer(&mut link, &signed).await;
    drop(server.session_socket(SESSION).await);
    let receipt = link.next_receipt().await;
    assert_eq!((receipt.reason, receipt.viewer_came), (EndReason::NeverConnected, false));
    assert_eq!((receipt.shown_ms, receipt.found), (None, EndFound::Clean));
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_receipt_that_was_lost_with_its_line_comes_again_until_it_is_taken() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    link.takes_receipts = false;
    for session in [SESSION, OTHER] {
        let mut viewer = server.session(&mut link, session, Access::View).await;
        viewer.command(Command::SetRestartOnEnd { on: false }).await;
        viewer.command(Command::End).await;
        link.ended(session).await;
    }
    // Another welcome on the same line is no reason to say anything again.
    link.send(&server.welcome()).await;
    assert_no_receipt(&mut server, &mut link).await;
    drop(link);

    let mut link = server.link().await;
    link.takes_receipts = false;
    let first = link.next_receipt().await;
    let second = link.next_receipt().await;
    assert_eq!([(first.session, first.number), (second.session, second.number)], [(SESSION, 1), (OTHER, 2)]);
    link.send(&ToAgent::ReceiptTaken { number: 1 }).await;
    link.send(&ToAgent::ReceiptTaken { number: 77 }).await;
    server.pass_a_turn(&mut link).await;
    agent.kill().await;
    drop(link);

    let agent = console.start(&server);
    let mut link = server.link().await;
    assert_eq!(link.next_receipt().await, second, "the one that was not taken, as it was");
    server.pass_a_turn(&mut link).await;
    drop(link);
    let mut link = server.link().await;
    assert_no_receipt(&mut server, &mut link).await;
    agent.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_leaves_a_receipt_to_the_next_one() {
    let (console, mut server) = (Console::new(), Server::start().await);
    let agent = console.start(&server);
    let mut link = server.link().await;
    let key = {
        link.hello().await;
        link.signing_key
    };
    let mut viewer = server.session(&mut link, SESSION, Access::View).await;
    viewer.frame().await;
    agent.kill().await;
    drop(link);

    let agent = console.start(&server);
    // A console that is not approved (any more) may report what was.
    let mut link = server
        .link_with(|welcome| {
            let ToAgent::Welcome { status, .. } = welcome else { panic!("{welcome:?}") };
            *status = Enrolment::Pending;
        })
        .await;
    let receipt = link.next_receipt().await;
    assert_eq!((receipt.reason, receipt.found), (EndReason::AgentCrash, EndFound::Crash));
    assert_eq!((receipt.session, receipt.number), (SESSION, 1));
    assert!(receipt.viewer_came && receipt.restarts);
    assert_eq!(receipt.shown_ms, None, "who could tell is gone");
    assert_eq!(link.signing_key, key, "the same console");
    agent.stop().await;
}
