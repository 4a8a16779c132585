//! `/`: the first page of the portal.

use leptos::prelude::*;
use leptos_router::NavigateOptions;
use leptos_router::components::Redirect;

#[component]
pub fn Home() -> impl IntoView {
    view! { <Redirect path="/rooms" options=NavigateOptions { replace: true, ..NavigateOptions::default() }/> }
}
