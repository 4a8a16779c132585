//! Requests made up from the description of the API, as every kind of person. Each has a fresh server, so that nobody
//! removes what another one needs. `contract/` has the people, their world and what is looked at.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};
use std::time::Instant;

use anyhow::{Context, Result, bail};
use serde_json::Value;

use crate::cli::Arguments;
use crate::process::Program;
use crate::product::{self, Programs};
use crate::server::{self, Server};
use crate::step::{self, Step};
use crate::summary::{Counts, Summary};
use crate::{tools, workspace};

/// How much is made up, and where it begins. The same numbers make up the same requests.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Effort {
    seed: u16,
    /// Requests for each operation, beside those for every edge of the description.
    examples: u16,
}

impl Default for Effort {
    fn default() -> Self {
        Self { seed: 1, examples: 10 }
    }
}

/// One kind of person, as `contract/principals.json` has them.
struct Principal {
    name: String,
    is_signed_in: bool,
    phases: String,
}

/// `cargo xtask contract`
pub(crate) fn run(mut arguments: Arguments) -> Result<()> {
    let Effort { seed, examples } = Effort::default();
    let effort =
        Effort { seed: arguments.number("--seed", seed)?, examples: arguments.number("--examples", examples)? };
    let names = arguments.names()?;
    let programs = product::quick(&["--workspace"])?;
    let mut summary = Summary::start();
    ask_as(&names, effort, &programs, &mut summary)?;
    summary.finish()
}

/// Asks as everybody.
pub(crate) fn ask(programs: &Programs, summary: &mut Summary) -> Result<()> {
    ask_as(&[], Effort::default(), programs, summary)
}

fn ask_as(names: &[String], effort: Effort, programs: &Programs, summary: &mut Summary) -> Result<()> {
    let principals = principals()?;
    if let Some(name) = names.iter().find(|name| !principals.iter().any(|principal| principal.name == **name)) {
        bail!("contract/principals.json does not know {name:?}");
    }
    let is_wanted = |principal: &Principal| names.is_empty() || names.contains(&principal.name);
    let wanted: Vec<Principal> = principals.into_iter().filter(is_wanted).collect();
    let asking = Asking { schemathesis: tools::for_contract_tests()?, server: &programs.server, effort };
    let step = Step::start("Requests made up from the description of the API");
    let mut answers = beside_one_another(&wanted, |principal| asking.ask_as(principal))?;
    answers.sort_by(|(name, ..), (other, ..)| name.cmp(other));
    for (name, counts, succeeded) in answers {
        summary.add(&format!("API as {name}"), counts, succeeded);
    }
    step.done();
    Ok(())
}

fn principals() -> Result<Vec<Principal>> {
    let file = folder().join("principals.json");
    let text = fs::read_to_string(&file).with_context(|| format!("cannot read {}", file.display()))?;
    let principals: Value = serde_json::from_str(&text).context("the principals are not JSON")?;
    let principals = principals.as_object().context("the principals are no object")?;
    let read = |(name, about): (&String, &Value)| {
        let phases = about["phases"].as_str().with_context(|| format!("{name} has no phases"))?.to_owned();
        Ok(Principal { name: name.clone(), is_signed_in: about["email"].is_string(), phases })
    };
    principals.iter().map(read).collect()
}

fn folder() -> PathBuf {
    workspace::root().join("contract")
}

/// Does `work` for each, as many at a time as there are processors. The answers come in no order.
fn beside_one_another<T: Sync, A: Send>(things: &[T], work: impl Fn(&T) -> Result<A> + Sync) -> Result<Vec<A>> {
    let waiting = Mutex::new(things.iter());
    let next = || waiting.lock().unwrap_or_else(PoisonError::into_inner).next();
    let n_workers = std::thread::available_parallelism().map_or(1, usize::from).min(things.len());
    std::thread::scope(|scope| {
        let start = |_| scope.spawn(|| std::iter::from_fn(next).map(&work).collect::<Result<Vec<A>>>());
        let workers: Vec<_> = (0..n_workers).map(start).collect();
        let answers = workers.into_iter().map(|worker| worker.join().unwrap_or_else(|_| bail!("a thread panicked")));
        Ok(answers.collect::<Result<Vec<_>>>()?.into_iter().flatten().collect())
    })
}

struct Asking<'a> {
    schemathesis: PathBuf,
    server: &'a Path,
    effort: Effort,
}

impl Asking<'_> {
    fn ask_as(&self, principal: &Principal) -> Result<(String, Counts, bool)> {
        let Principal { name, is_signed_in, phases } = principal;
        let started = Instant::now();
        let place = workspace::target().join("contract").join(name.replace(' ', "-"));
        fs::remove_dir_all(&place).ok();
        fs::create_dir_all(&place).with_context(|| format!("cannot make {}", place.display()))?;
        let listen = server::free_address()?;
        // The login cookie then has the name that the description says.
        let public_url = format!("https://localhost:{}", listen.port());
        let server = Server { program: self.server, data: &place.join("data"), public_url: &public_url };
        server.bootstrap(&folder().join("bootstrap.toml"))?;
        let mut running = server.start(listen, &place.join("server.log"))?;
        let (report, log) = (place.join("report.json"), place.join("schemathesis.log"));
        let mut requests = Program::new(&self.schemathesis)
            .folder(&place)
            .env("PYTHONPATH", folder())
            .env("PYTHONDONTWRITEBYTECODE", "1")
            .env("SCHEMATHESIS_HOOKS", "hooks")
            .env("CONTRACT_URL", format!("http://{listen}"))
            .env("CONTRACT_PRINCIPAL", name)
            .option("--config-file", folder().join("schemathesis.toml"))
            .arg("run")
            .arg(format!("http://{listen}/api/v1/openapi.json"))
            .option("--phases", phases)
            .option("--seed", self.effort.seed.to_string())
            .option("--max-examples", self.effort.examples.to_string())
            .args(["--no-color", "--report", "json", "--report-json-path"])
            .arg(&report);
        if *is_signed_in {
            // The first two would end the login of all that follows; the last one has no end.
            requests = requests.option("--exclude-path-regex", "/(logout|me/logins|events)$");
        }
        let succeeded = requests.start(&log)?.wait()?.success() && !running.has_ended()?;
        let counts = match fs::read_to_string(&report) {
            Ok(text) => counts(&text).with_context(|| format!("cannot read {}", report.display()))?,
            Err(_) => Counts::default(),
        };
        if !succeeded {
            step::say(fs::read_to_string(&log).unwrap_or_default());
            step::note(format_args!("{name}: failed; see {}", place.display()));
        }
        step::note(format_args!("{name}: {} operations in {:.0} s", counts.passed, started.elapsed().as_secs_f64()));
        Ok((name.clone(), counts, succeeded))
    }
}

/// Takes the report of schemathesis: an operation without a failure is one that passed.
fn counts(report: &str) -> Result<Counts> {
    let report: Value = serde_json::from_str(report).context("the report is not JSON")?;
    let n_tested = report["operations"]["tested"].as_u64().context("the report does not say operations.tested")?;
    let failures = report["failures"].as_array().context("the report has no failures")?;
    let errors = report["errors"].as_array().context("the report has no errors")?;
    let operations = |failure: &Value| failure["operations"].as_array().cloned().unwrap_or_default();
    let failed: BTreeSet<String> =
        failures.iter().flat_map(operations).map(|operation| operation.to_string()).collect();
    let n_failed = failed.len() as u64;
    // A check of a whole run names no operation.
    let n_of_run = failures.iter().filter(|failure| operations(failure).is_empty()).count() + errors.len();
    let n_unfinished = u64::from(report["complete"] != true);
    Ok(Counts {
        passed: n_tested.saturating_sub(n_failed),
        failed: n_failed + n_of_run as u64 + n_unfinished,
        skipped: 0,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn operations_without_a_failure_passed() {
        for (failures, errors, complete, passed, failed) in [
            ("", "", true, 9, 0),
            (r#"{"operations":["GET /a","GET /b"]},{"operations":["GET /b"]}"#, "", true, 7, 2),
            (r#"{"operations":[]}"#, "", true, 9, 1),
            ("", r#"{"title":"Network Error"}"#, true, 9, 1),
            ("", "", false, 9, 1),
        ] {
            let report = format!(
                r#"{{"operations":{{"tested":9}},"failures":[{failures}],"errors":[{errors}],"complete":{complete}}}"#
            );
            assert_eq!(counts(&report).expect("a report"), Counts { passed, failed, skipped: 0 }, "{report}");
        }
        assert!(counts("{}").is_err());
    }

    #[test]
    fn everybody_is_read() {
        let principals = principals().expect("principals");
        let names: BTreeSet<&str> = principals.iter().map(|principal| principal.name.as_str()).collect();
        assert_eq!(names.len(), 7);
        assert!(principals.iter().all(|principal| principal.is_signed_in == (principal.name != "nobody")));
    }

    #[test]
    fn work_is_done_for_each_and_one_error_is_enough() {
        let things: Vec<u32> = (0..50).collect();
        let mut doubled = beside_one_another(&things, |thing| Ok(thing * 2)).expect("no error");
        doubled.sort_unstable();
        assert_eq!(doubled, things.iter().map(|thing| thing * 2).collect::<Vec<_>>());
        assert!(beside_one_another(&things, |thing| if *thing == 7 { bail!("seven") } else { Ok(()) }).is_err());
    }
}
