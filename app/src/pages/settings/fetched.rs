//! What a page of the settings shows, on its way from the server.

use leptos::prelude::*;
use protocol::api::ProblemCode;

use crate::api::ApiError;
use crate::browser::task;
use crate::components::{EmptyState, Notice, NoticeTone, RetryButton, Skeleton, Symbol, computed};
use crate::state::login::Login;

mod text {
    pub(super) const MISSING: &str = "It does not exist";
    pub(super) const MISSING_WHY: &str = "Perhaps somebody removed it meanwhile, or the address is mistyped.";
}

/// Something that was asked for.
pub(super) struct Fetched<T: Send + Sync + 'static> {
    /// The last that came; kept when a later request fails.
    pub(super) value: RwSignal<Option<T>>,
    /// Why there is none.
    error: RwSignal<Option<ApiError>>,
    question: StoredValue<u32>,
    login: Login,
}

impl<T: Send + Sync + 'static> Clone for Fetched<T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T: Send + Sync + 'static> Copy for Fetched<T> {}

impl<T: Send + Sync + 'static> Fetched<T> {
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
                    self.value.set(Some(value));
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
