//! A password that somebody chooses, with how hard it is to guess.

mod strength;

use leptos::prelude::*;

pub(super) use self::strength::Strength;
use crate::browser::letters;
use crate::components::{Icon, PasswordField, Symbol};

/// Judges the password of a person whose names and addresses are `personal`.
pub(super) fn judge(password: &str, personal: &[String]) -> Strength {
    strength::judge(password, personal, letters::small)
}

#[component]
pub(super) fn NewPassword(
    id: &'static str,
    #[prop(into)] label: String,
    value: RwSignal<String>,
    #[prop(into)] strength: Signal<Strength>,
) -> impl IntoView {
    let strength = Memo::new(move |_| strength.get());
    let level = move || f64::from(strength.with(|strength| strength.level()));
    view! {
        <div class="field-with-strength">
            <PasswordField id label value autocomplete="new-password"/>
            <p class="strength" role="status" data-level=move || strength.with(|strength| strength.id())>
                <meter class="strength-meter" min="0" max="3" prop:value=level aria-hidden="true"></meter>
                <Icon symbol=Symbol::Key/>
                {move || strength.with(|strength| strength.advice())}
            </p>
        </div>
    }
}
