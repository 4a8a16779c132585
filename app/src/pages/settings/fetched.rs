//! What a page of the settings shows, on its way from the server.

use leptos::prelude::*;
use protocol::api::ProblemCode;

use crate::api::ApiError;
use crate::browser::task;
use crate::components::{EmptyState, Icon, Notice, NoticeTone, RetryButton, Skeleton, Symbol, computed};
use crate::pages::message::{LoadingPage, MessagePage};
use crate::state::login::Login;

mod text {
    pub(super) const MISSING: &str = "It does not exist";
    pub(super) const MISSING_WHY: &str = "Perhaps somebody removed it meanwhile, or the address is mistyped.";
}

/// Something that was asked for.
pub(super) struct Fetched<T: PartialEq + Send + Sync + 'static> {
    /// The last that came; kept when a later request fails.
    pub(super) value: RwSignal<Option<T>>,
    /// Why there is none.
    error: RwSignal<Option<ApiError>>,
    question: StoredValue<u32>,
    login: Login,
}

impl<T: PartialEq + Send + Sync + 'static> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: PartialEq + Send + Sync + 'static> Copy for Fetched<T> {}

impl<T: PartialEq + Send + Sync + 'static> Fetched<T> {
    pub(super) fn new() -> Self {
        Self {
            value: RwSignal::new(None),
            error: RwSignal::new(None),
            question: StoredValue::new(0),
            login: expect_context(),
        }
    }

    /// Waits for an answer; an older one that comes later is dropped.
    pub(super) fn take(self, answer: impl Future<Output = Result<T, ApiError>> + 'static) {
        let question = self.question.get_value() + 1;
        self.question.set_value(question);
        task::spawn(async move {
            let answer = self.login.noticing(answer.await);
            if self.question.try_get_value() != Some(question) {
                return;
            }
            match answer {
                Ok(value) => {
                    self.error.set(None);
                    // What is the same is not drawn again: the focus stays where it is.
                    if self.value.with_untracked(|present| present.as_ref() != Some(&value)) {
                        self.value.set(Some(value));
                    }
                }
                Err(error) if error.is(ProblemCode::NotFound) => {
                    self.value.set(None);
                    self.error.set(Some(error));
                }
                Err(error) => {
                    if self.value.with_untracked(Option::is_none) {
                        self.error.set(Some(error));
                    }
                }
            }
        });
    }

    pub(super) fn state(self) -> Signal<FetchState> {
        let state = Memo::new(move |_| match (self.value.with(Option::is_some), self.error.get()) {
            (true, _) => FetchState::Ready,
            (false, None) => FetchState::Waiting,
            (false, Some(error)) if error.is(ProblemCode::NotFound) => FetchState::Missing,
            (false, Some(error)) => FetchState::Failed(error.sentence()),
        });
        state.into()
    }
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum FetchState {
    Waiting,
    Ready,
    Missing,
    Failed(String),
}

/// Its children once they are there; until then what is the matter. The heading of the page stands above.
#[component]
pub(super) fn Arrival(
    state: Signal<FetchState>,
    n_lines: usize,
    #[prop(into)] on_retry: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    computed(move || match state.get() {
        FetchState::Ready => children(),
        FetchState::Waiting => view! { <div class="panel"><Skeleton n_lines/></div> }.into_any(),
        FetchState::Missing => {
            view! { <EmptyState symbol=Symbol::Search title=text::MISSING text=text::MISSING_WHY/> }.into_any()
        }
        FetchState::Failed(sentence) => view! {
            <Notice tone=NoticeTone::Failed text=sentence urgent=true>
                <RetryButton on_retry/>
            </Notice>
        }
        .into_any(),
    })
}

/// What a page about one thing says while the thing is not there.
#[derive(Clone, Copy)]
pub(super) struct PageWords {
    /// The list that the thing is in, and what the way there is called.
    pub(super) list: &'static str,
    pub(super) back: &'static str,
    pub(super) missing_title: &'static str,
    pub(super) missing: &'static str,
    pub(super) failed_title: &'static str,
}

/// As [`Arrival`], for a page whose heading comes with its children.
#[component]
pub(super) fn PageArrival(
    state: Signal<FetchState>,
    words: PageWords,
    #[prop(into)] on_retry: Callback<()>,
    children: ChildrenFn,
) -> impl IntoView {
    computed(move || match state.get() {
        FetchState::Waiting => view! { <LoadingPage n_lines=7/> }.into_any(),
        FetchState::Ready => children(),
        FetchState::Missing => view! {
            <MessagePage symbol=Symbol::Search title=words.missing_title text=words.missing>
                <a class="button" href=words.list><Icon symbol=Symbol::ArrowLeft/>{words.back}</a>
            </MessagePage>
        }
        .into_any(),
        FetchState::Failed(sentence) => view! {
            <MessagePage symbol=Symbol::PlugOff title=words.failed_title text=sentence>
                <RetryButton on_retry/>
            </MessagePage>
        }
        .into_any(),
    })
}

/// The sentence of an error for people: without the name of the field, which is for programs.
pub(super) fn plain_sentence(error: &ApiError) -> String {
    let sentence = error.sentence();
    match sentence.split_once(": ") {
        Some((field, rest)) if error.is(ProblemCode::BadRequest) && field.bytes().all(is_of_field) => capitalised(rest),
        _ => sentence,
    }
}

/// With a capital at its beginning.
pub(super) fn capitalised(text: &str) -> String {
    let mut letters = text.chars();
    letters.next().map(|first| first.to_uppercase().chain(letters).collect()).unwrap_or_default()
}

fn is_of_field(byte: u8) -> bool {
    byte.is_ascii_lowercase() || byte == b'_'
}

#[cfg(test)]
mod tests {
    use super::*;
    use protocol::api::Problem;

    #[test]
    fn names_of_fields_are_not_for_people() {
        let problem = |code, detail: &str| {
            ApiError::Problem(Problem {
                r#type: "about:blank".into(),
                title: String::new(),
                status: 400,
                detail: detail.into(),
                code,
                refusal: None,
                retry_after_s: None,
            })
        };
        for (code, detail, sentence) in [
            (ProblemCode::BadRequest, "room_groups: one is gone.", "One is gone."),
            (ProblemCode::BadRequest, "Read this: it matters.", "Read this: it matters."),
            (ProblemCode::Conflict, "name: taken.", "name: taken."),
        ] {
            assert_eq!(plain_sentence(&problem(code, detail)), sentence);
        }
    }
}
