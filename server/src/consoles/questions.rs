use std::collections::HashMap;

use protocol::ids::SessionId;
use protocol::link::CallState;
use protocol::refusal::RefusalCode;
use tokio::sync::oneshot;

/// What an agent answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Answer {
    Nonce { nonce: [u8; 32], call: CallState },
    Accepted { session: SessionId },
    Refused { code: RefusalCode },
}

/// Why there is no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskError {
    #[error("the console is not connected")]
    NotHere,
    #[error("the console did not answer in time")]
    TimedOut,
    #[error("the console's link was lost")]
    LinkLost,
    #[error("too many questions wait for the console")]
    Busy,
}

/// The questions that wait for one agent. Dropping it answers them all with [`AskError::LinkLost`].
#[derive(Debug)]
pub(super) struct Questions {
    max: usize,
    next: u32,
    open: HashMap<u32, oneshot::Sender<Answer>>,
}

impl Questions {
    pub(super) fn new(max: usize) -> Self {
        Self { max, next: 0, open: HashMap::new() }
    }

    /// A number for a new question, and where its answer will come.
    ///
    /// # Errors
    /// [`AskError::Busy`] when too many wait.
    pub(super) fn ask(&mut self) -> Result<(u32, oneshot::Receiver<Answer>), AskError> {
        // Those who asked may have given up.
        self.open.retain(|_, asker| !asker.is_closed());
        if self.max <= self.open.len() {
            return Err(AskError::Busy);
        }
        let (asker, answer) = oneshot::channel();
        let number = self.next;
        self.next = self.next.wrapping_add(1);
        self.open.insert(number, asker);
        Ok((number, answer))
    }

    /// Hands an answer to its asker; one that nobody waits for (any more) is forgotten.
    pub(super) fn answer(&mut self, number: u32, answer: Answer) {
        if let Some(asker) = self.open.remove(&number) {
            // Fails when the asker has given up.
            let _ = asker.send(answer);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REFUSED: Answer = Answer::Refused { code: RefusalCode::AgentRefused };

    #[test]
    fn an_answer_reaches_its_asker_once() {
        let mut questions = Questions::new(4);
        let (first, mut first_answer) = questions.ask().expect("there is room");
        let (second, mut second_answer) = questions.ask().expect("there is room");
        questions.answer(second, REFUSED);
        questions.answer(second, Answer::Accepted { session: SessionId([1; 16]) });
        questions.answer(1000, REFUSED);
        assert_eq!(second_answer.try_recv(), Ok(REFUSED));
        assert!(first_answer.try_recv().is_err());
        assert_ne!(first, second);
        drop(questions);
        assert!(first_answer.try_recv().is_err());
    }

    #[test]
    fn open_questions_are_bounded_and_given_up_ones_do_not_count() {
        let mut questions = Questions::new(2);
        let first = questions.ask();
        let _second = questions.ask();
        assert_eq!(questions.ask().map(|_| ()), Err(AskError::Busy));
        drop(first);
        assert!(questions.ask().is_ok());
    }
}
