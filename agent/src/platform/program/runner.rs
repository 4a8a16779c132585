//! A process that runs one command whenever the agent asks: `redring-agent run-command -- systemctl reboot`.
//!
//! The command stands in its arguments, so whatever happens to the agent later, this process never runs another. The
//! agent writes one byte per request; the answer begins with one byte, and every length is bounded on both sides. It ends
//! with its pipe.

use std::io::{self, Read, Write};
use std::path::Path;
use std::process::{ChildStdin, ChildStdout, Command, Stdio};

use super::{Answer, OUTPUT_MAX_BYTES, answer, command, start};

/// As the command line has it.
pub const COMMAND: &str = "run-command";

const START: u8 = b's';
const ASK: u8 = b'a';

const NONE: u8 = 0;
const DONE: u8 = 1;
const ENDED_BY_A_SIGNAL: u8 = 2;
const WHY_MAX_BYTES: usize = 1024;

/// The agent's end.
#[derive(Debug)]
pub(super) struct Runner {
    requests: ChildStdin,
    answers: ChildStdout,
}

impl Runner {
    pub(super) fn start(agent: &Path, words: &[String]) -> io::Result<Self> {
        let mut command = Command::new(agent);
        command.arg(COMMAND).arg("--").args(words).stdin(Stdio::piped()).stdout(Stdio::piped());
        // A signal to the agent's group is not for it: the agent may need it while it ends.
        #[cfg(unix)]
        std::os::unix::process::CommandExt::process_group(&mut command, 0);
        let mut child = command.spawn()?;
        let ends = child.stdin.take().zip(child.stdout.take());
        let (requests, answers) = ends.ok_or_else(|| io::Error::other("it has no pipes"))?;
        Ok(Self { requests, answers })
    }

    pub(super) fn start_it(&mut self) -> io::Result<()> {
        self.requests.write_all(&[START])?;
        match read_byte(&mut self.answers)? {
            DONE => Ok(()),
            _ => Err(io::Error::other(String::from_utf8_lossy(&read_bytes(&mut self.answers, WHY_MAX_BYTES)?))),
        }
    }

    /// `None` also when the process is no more.
    pub(super) fn ask(&mut self) -> Option<Answer> {
        self.try_ask().inspect_err(|error| tracing::error!(%error, "a configured program cannot be run")).ok().flatten()
    }

    fn try_ask(&mut self) -> io::Result<Option<Answer>> {
        self.requests.write_all(&[ASK])?;
        let how = read_byte(&mut self.answers)?;
        let code = match how {
            NONE => return Ok(None),
            ENDED_BY_A_SIGNAL => None,
            _ => {
                let mut code = [0; 4];
                self.answers.read_exact(&mut code)?;
                Some(i32::from_le_bytes(code))
            }
        };
        Ok(Some(Answer { code, output: read_bytes(&mut self.answers, OUTPUT_MAX_BYTES)? }))
    }
}

/// Answers requests until there are no more.
///
/// # Errors
/// When a request is none, or the agent does not take an answer.
pub fn serve(words: &[String], mut requests: impl Read, mut answers: impl Write) -> io::Result<()> {
    let mut request = [0];
    while requests.read(&mut request)? == 1 {
        let answer = match request[0] {
            START => started(start(words)),
            ASK => ended(command(words).and_then(|mut command| answer(&mut command))),
            other => return Err(io::Error::other(format!("{other} is no request"))),
        };
        answers.write_all(&answer)?;
        answers.flush()?;
    }
    Ok(())
}

fn started(how: io::Result<()>) -> Vec<u8> {
    match how {
        Ok(()) => vec![DONE],
        Err(error) => {
            let why = error.to_string();
            let cut = why.floor_char_boundary(WHY_MAX_BYTES);
            [&[NONE], &with_length(&why.as_bytes()[..cut])[..]].concat()
        }
    }
}

fn ended(answer: Option<Answer>) -> Vec<u8> {
    match answer {
        None => vec![NONE],
        Some(Answer { code: None, output }) => [&[ENDED_BY_A_SIGNAL], &with_length(&output)[..]].concat(),
        Some(Answer { code: Some(code), output }) => {
            [&[DONE], &code.to_le_bytes()[..], &with_length(&output)[..]].concat()
        }
    }
}

fn with_length(bytes: &[u8]) -> Vec<u8> {
    [&(bytes.len() as u32).to_le_bytes(), bytes].concat()
}

fn read_byte(from: &mut impl Read) -> io::Result<u8> {
    let mut byte = [0];
    from.read_exact(&mut byte)?;
    Ok(byte[0])
}

fn read_bytes(from: &mut impl Read, most: usize) -> io::Result<Vec<u8>> {
    let mut length = [0; 4];
    from.read_exact(&mut length)?;
    let length = u32::from_le_bytes(length) as usize;
    if most < length {
        return Err(io::Error::other("an answer is longer than any can be"));
    }
    let mut bytes = vec![0; length];
    from.read_exact(&mut bytes)?;
    Ok(bytes)
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn words(line: &str) -> Vec<String> {
        ["sh", "-c", line].map(str::to_owned).to_vec()
    }

    fn served(line: &str, requests: &[u8]) -> Vec<u8> {
        let mut answers = Vec::new();
        serve(&words(line), requests, &mut answers).expect("requests");
        answers
    }

    #[test]
    fn every_request_has_its_answer() {
        let expected = [&[DONE, 3, 0, 0, 0, 5, 0, 0, 0][..], b"word\n"].concat();
        assert_eq!(served("echo word; exit 3", &[ASK, ASK]), [&expected[..], &expected[..]].concat());
        assert_eq!(served("kill -9 $$", &[ASK]), [ENDED_BY_A_SIGNAL, 0, 0, 0, 0]);
        assert_eq!(served("exit 1", &[START]), [DONE]);
        assert!(served("exit 1", &[]).is_empty());
    }

    #[test]
    fn a_program_that_is_not_there_says_why() {
        let mut answers = Vec::new();
        serve(&["/no/such/program".to_owned()], &[START, ASK][..], &mut answers).expect("requests");
        assert_eq!(answers[0], NONE);
        let why = read_bytes(&mut &answers[1..], WHY_MAX_BYTES).expect("a reason");
        assert!(String::from_utf8_lossy(&why).contains("No such file"), "{why:?}");
        assert_eq!(answers[5 + why.len()..], [NONE]);
    }

    #[test]
    fn what_is_no_request_ends_it() {
        assert!(serve(&words("exit 0"), &b"x"[..], io::sink()).is_err());
    }

    #[test]
    fn a_long_answer_is_not_believed() {
        let answer = with_length(&[0; 100]);
        assert_eq!(read_bytes(&mut &answer[..], 100).expect("it fits").len(), 100);
        assert!(read_bytes(&mut &answer[..], 99).is_err());
    }
}
