//! Who is signed in.

use leptos::prelude::*;
use protocol::access::Permission;
use protocol::api::{Me, ProblemCode};

use crate::api::{self, ApiError};
use crate::browser::task;

/// What is known about the person at the browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Who {
    /// The server was asked and has not answered yet.
    Asking,
    SignedIn(Me),
    Nobody(Absence),
    /// The server could not tell.
    Unknown(ApiError),
}

/// Why nobody is signed in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Absence {
    NotYet,
    /// Somebody was, until the login ran out.
    Expired,
    /// Somebody was, and signed out.
    SignedOut,
}

/// The login of this browser.
#[derive(Clone, Copy)]
pub struct Login {
    who: ReadSignal<Who>,
    set_who: WriteSignal<Who>,
}

impl Login {
    /// Asks the server who is signed in.
    pub fn ask() -> Self {
        let (who, set_who) = signal(Who::Asking);
        let login = Self { who, set_who };
        login.ask_again();
        login
    }

    pub fn ask_again(self) {
        self.ask_again_or(move || self.expire());
    }

    /// Asks the server again; `absent` when nobody is signed in.
    pub fn ask_again_or(self, absent: impl Fn() + 'static) {
        self.set_who.update(|who| {
            if !matches!(who, Who::SignedIn(_)) {
                *who = Who::Asking;
            }
        });
        task::spawn(async move {
            match api::me().await {
                Ok(me) => self.sign_in(me),
                Err(error) if error.is(ProblemCode::NotSignedIn) => absent(),
                Err(error) => self.lose(error),
            }
        });
    }

    pub fn who(self) -> ReadSignal<Who> {
        self.who
    }

    pub fn me(self) -> Option<Me> {
        self.who.with(|who| if let Who::SignedIn(me) = who { Some(me.clone()) } else { None })
    }

    pub fn is_signed_in(self) -> bool {
        self.who.with(|who| matches!(who, Who::SignedIn(_)))
    }

    /// Whether the person may do this somewhere in the tenant.
    pub fn may(self, permission: Permission) -> bool {
        self.who.with(|who| matches!(who, Who::SignedIn(me) if me.permissions.contains(&permission)))
    }

    /// Whether the person may do this for the whole tenant.
    pub fn may_everywhere(self, permission: Permission) -> bool {
        self.who.with(|who| matches!(who, Who::SignedIn(me) if me.permissions_everywhere.contains(&permission)))
    }

    /// Whether the person may opt in and change roles.
    pub fn administers(self) -> bool {
        self.who.with(|who| matches!(who, Who::SignedIn(me) if me.administers))
    }

    pub fn sign_in(self, me: Me) {
        let news = self.who.with_untracked(|who| !matches!(who, Who::SignedIn(present) if *present == me));
        if news {
            self.set_who.set(Who::SignedIn(me));
        }
    }

    /// Signs out. The page forgets the person even when the server does not answer.
    pub async fn sign_out(self) -> Result<(), ApiError> {
        let result = api::log_out().await;
        self.set_who.set(Who::Nobody(Absence::SignedOut));
        result
    }

    /// Signs out wherever the person is signed in. The page forgets the person only when the server did it.
    pub async fn sign_out_everywhere(self) -> Result<(), ApiError> {
        self.noticing(api::people::log_out_everywhere().await)?;
        self.set_who.set(Who::Nobody(Absence::SignedOut));
        Ok(())
    }

    /// Hands a result on, and notices when it says that the login ran out.
    pub fn noticing<T>(self, result: Result<T, ApiError>) -> Result<T, ApiError> {
        if result.as_ref().is_err_and(|error| error.is(ProblemCode::NotSignedIn)) {
            self.expire();
        }
        result
    }

    fn expire(self) {
        self.set_who.update(|who| {
            let absence = match who {
                Who::SignedIn(_) => Absence::Expired,
                Who::Nobody(absence) => *absence,
                Who::Asking | Who::Unknown(_) => Absence::NotYet,
            };
            *who = Who::Nobody(absence);
        });
    }

    fn lose(self, error: ApiError) {
        self.set_who.update(|who| {
            if !matches!(who, Who::SignedIn(_)) {
                *who = Who::Unknown(error);
            }
        });
    }
}
