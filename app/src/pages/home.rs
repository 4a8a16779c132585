//! `/`: the first page of the portal.

use leptos::prelude::*;
use leptos_router::components::Redirect;
use leptos_router::NavigateOptions;

#[component]
pub fn Home() -> impl IntoView {
    view! { <Redirect path="/rooms" options=NavigateOptions { replace: true, ..NavigateOptions::default() }/> }
}
