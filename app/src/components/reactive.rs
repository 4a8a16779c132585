//! Closures that run again when a signal changes, compiled once for all of them.
//!
//! Leptos compiles everything around a reactive closure, such as drawing its result and running it again, anew for every
//! closure. With `--cfg=erase_components`, `view!` avoids that for closures that are written right inside it; what is here
//! does so for all others. Every type that such closures return is compiled once more: they return `String`, `&'static str`,
//! `AnyView`, or an `Option` of these.

use leptos::prelude::*;
use leptos::tachys::reactive_graph::SharedReactiveFunction;

/// A view or an attribute that follows the signals that it reads: for a closure that has a name before it comes into a
/// `view!`, or that is all a component shows.
pub fn computed<T: 'static>(compute: impl FnMut() -> T + Send + 'static) -> SharedReactiveFunction<T> {
    std::sync::Arc::new(std::sync::Mutex::new(compute))
}

/// Runs `act` soon, and again whenever a signal changes that it read, until the present owner is gone.
pub fn effect(act: impl FnMut() + 'static) {
    let act: Box<dyn FnMut()> = Box::new(act);
    Effect::new(act);
}

/// Shows its children while the condition holds.
#[component]
pub fn When(#[prop(into)] condition: Signal<bool>, children: ChildrenFn) -> impl IntoView {
    let holds = Memo::new(move |_| condition.get());
    computed(move || holds.get().then(|| children()))
}
