//! The demo: a server, simulated rooms, three accounts.

use std::fmt::Write as _;
use std::fs;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::PathBuf;
use std::time::Duration;

use anyhow::{Context, Result, bail};

use crate::cli::Arguments;
use crate::portal;
use crate::process::{Program, Running};
use crate::product::{self, Programs};
use crate::server::Server;
use crate::step::{self, Step};
use crate::workspace;

/// One agent process per room: about 100 MB each while somebody looks.
const ROOMS_MAX: u16 = 8;
const ROOMS: [(&str, &str, &str); ROOMS_MAX as usize] = [
    ("aurora", "Aurora", "Germany/Berlin/HQ/Floor 2"),
    ("borealis", "Borealis", "Germany/Berlin/HQ/Floor 2"),
    ("cirrus", "Cirrus", "Germany/Berlin/HQ/Floor 3"),
    ("delta", "Delta", "France/Lyon/Rive Gauche/Floor 1"),
    ("equinox", "Equinox", "France/Lyon/Rive Gauche/Floor 1"),
    ("fjord", "Fjord", "Norway/Bergen/Bryggen/Floor 4"),
    ("glacier", "Glacier", "Norway/Bergen/Bryggen/Floor 4"),
    ("horizon", "Horizon", "Japan/Kyoto/Karasuma/Floor 7"),
];
const PASSWORD: &str = "only-for-this-demo";
const ADMINISTRATOR: &str = "admin@example.com";
const TECHNICIAN: &str = "tech@example.com";
const WATCHER: &str = "watch@example.com";

pub(crate) fn run(mut arguments: Arguments) -> Result<()> {
    let port = arguments.number("--port", 8080)?;
    let n_rooms = arguments.number("--rooms", 4)?;
    let keep = arguments.flag("--keep");
    arguments.finish()?;
    if !(1..=ROOMS_MAX).contains(&n_rooms) {
        bail!("--rooms takes 1 to {ROOMS_MAX}: the demo runs one agent per room on this machine");
    }
    let listen = SocketAddr::from((Ipv4Addr::LOCALHOST, port));
    if let Err(error) = TcpListener::bind(listen) {
        bail!("port {port} is not free ({error}); choose another with --port");
    }
    let demo = Demo {
        programs: product::quick(&["--package", "server", "--package", "agent", "--package", portal::BUNDLE])?,
        listen,
        data: workspace::target().join("demo"),
    };
    demo.prepare(keep)?;
    let step = Step::start(format_args!("Starting the server and {n_rooms} simulated rooms"));
    let rooms = &ROOMS[..usize::from(n_rooms)];
    let (data, address) = (demo.data.join("server"), demo.address());
    let server = Server { program: &demo.programs.server, data: &data, public_url: &address };
    let enrolments = demo.bootstrap(&server, rooms)?;
    let mut server = server.start(listen, &demo.log("server"))?;
    let mut agents = Vec::new();
    for (id, enrolment) in &enrolments {
        agents.push((id.as_str(), demo.start_agent(id, enrolment.as_deref())?));
    }
    step.done();
    demo.welcome(&server, &agents);
    loop {
        std::thread::sleep(Duration::from_millis(250));
        if server.has_ended()? {
            bail!("the server ended; see {}", demo.log("server").display());
        }
        for (room, agent) in &mut agents {
            if agent.has_ended()? {
                bail!("the agent of {room} ended; see {}", demo.log(room).display());
            }
        }
    }
}

struct Demo {
    programs: Programs,
    listen: SocketAddr,
    data: PathBuf,
}

impl Demo {
    fn prepare(&self, keep: bool) -> Result<()> {
        if !keep && self.data.exists() {
            fs::remove_dir_all(&self.data).with_context(|| format!("cannot remove {}", self.data.display()))?;
        }
        fs::create_dir_all(self.data.join("logs")).with_context(|| format!("cannot make {}", self.data.display()))
    }

    fn address(&self) -> String {
        format!("http://localhost:{}", self.listen.port())
    }

    fn log(&self, who: &str) -> PathBuf {
        self.data.join("logs").join(format!("{who}.log"))
    }

    /// The rooms with their enrolment strings; none for a room whose console is enrolled already.
    fn bootstrap(&self, server: &Server<'_>, rooms: &[(&str, &str, &str)]) -> Result<Vec<(String, Option<String>)>> {
        let file = self.data.join("bootstrap.toml");
        fs::write(&file, bootstrap_file(rooms)).with_context(|| format!("cannot write {}", file.display()))?;
        enrolments(&server.bootstrap(&file)?)
    }

    fn start_agent(&self, room: &str, enrolment: Option<&str>) -> Result<Running> {
        let mut agent = Program::new(&self.programs.agent)
            .arg("run")
            .option("--platform", "simulated")
            .option("--state-dir", self.data.join("agents").join(room));
        if let Some(enrolment) = enrolment {
            agent = agent.option("--enrolment", enrolment);
        }
        agent.start(&self.log(room))
    }

    fn welcome(&self, server: &Running, agents: &[(&str, Running)]) {
        let ids: Vec<String> = agents.iter().map(|(_, agent)| agent.id().to_string()).collect();
        step::say(format_args!(
            "\nThe portal is at {}\n\n  \
             {ADMINISTRATOR:<20} administrator: sees everything, starts no session\n  \
             {TECHNICIAN:<20} technician who sees, types and clicks (Modify)\n  \
             {WATCHER:<20} technician who only sees (View)\n  \
             password of all three: {PASSWORD}\n\n\
             Open it in Microsoft Edge or another Chromium browser, sign in, choose a room, then\n\
             Remote access > Start session.\n\n\
             Logs: {}\n\
             Processes: server {}, agents {}\n\
             Ctrl+C ends everything.",
            self.address(),
            self.data.join("logs").display(),
            server.id(),
            ids.join(" ")
        ));
    }
}

fn bootstrap_file(rooms: &[(&str, &str, &str)]) -> String {
    let ids = rooms.iter().map(|(id, ..)| format!("{id:?}")).collect::<Vec<_>>().join(", ");
    let mut file = String::from(
        "# Written anew by `cargo xtask demo`.\n[[tenant]]\nid = \"contoso\"\nname = \"Contoso\"\n\
         remote_access = { enabled = true, acknowledged_by = \"admin@example.com\" }\n",
    );
    let mut add = |part: std::fmt::Arguments<'_>| file.write_fmt(part).unwrap_or_default();
    for (email, name, roles) in [
        (ADMINISTRATOR, "Ada Admin", "[\"Global Administrator\"]"),
        (TECHNICIAN, "Tessa Tech", "[]"),
        (WATCHER, "Walt Watch", "[]"),
    ] {
        add(format_args!(
            "\n[[tenant.user]]\nemail = {email:?}\nname = {name:?}\npassword = {PASSWORD:?}\nroles = {roles}\n"
        ));
    }
    for (role, permission, member) in [
        ("Console technicians", "remote_access.modify", TECHNICIAN),
        ("Console viewers", "remote_access.view", WATCHER),
    ] {
        add(format_args!("\n[[tenant.role]]\nname = {role:?}\npermissions = [\"room.view\", {permission:?}]\n"));
        add(format_args!("\n[[tenant.assignment]]\nrole = {role:?}\nmembers = [{member:?}]\nrooms = [{ids}]\n"));
    }
    for (id, name, place) in rooms {
        add(format_args!(
            "\n[[tenant.room]]\nid = {id:?}\nname = {name:?}\nplace = {place:?}\nenrolment = \"pre-approved\"\n"
        ));
    }
    file
}

/// Reads the answer of `redring-server bootstrap`.
fn enrolments(answer: &str) -> Result<Vec<(String, Option<String>)>> {
    let answer: serde_json::Value = serde_json::from_str(answer).context("bootstrap did not print JSON")?;
    let rooms = answer["tenants"][0]["rooms"].as_array().context("bootstrap named no rooms")?;
    let read = |room: &serde_json::Value| {
        let id = room["id"].as_str().context("bootstrap printed a room without an id")?;
        Ok((id.to_owned(), room["enrolment"].as_str().map(str::to_owned)))
    };
    rooms.iter().map(read).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_answer_of_bootstrap_is_read() {
        let answer =
            r#"{"tenants":[{"id":"contoso","rooms":[{"id":"a","enrolment":"RR1-x"},{"id":"b","enrolment":null}]}]}"#;
        let rooms = enrolments(answer).expect("two rooms");
        assert_eq!(rooms, [("a".to_owned(), Some("RR1-x".to_owned())), ("b".to_owned(), None)]);
        assert!(enrolments("{}").is_err());
        assert!(enrolments("error").is_err());
    }

    #[test]
    fn the_bootstrap_file_names_every_room_and_its_assignments() {
        let file = bootstrap_file(&ROOMS[..2]);
        assert_eq!(file.matches("[[tenant.room]]").count(), 2);
        assert_eq!(file.matches("rooms = [\"aurora\", \"borealis\"]").count(), 2);
    }
}
