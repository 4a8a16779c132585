//! The document as a whole: where the portal is mounted, its title, its address, and what has the focus.

use wasm_bindgen::{JsCast as _, JsValue};
use web_sys::{
    Document, Element, Event, HtmlElement, KeyboardEvent, MouseEvent, ScrollIntoViewOptions, ScrollLogicalPosition,
    Window,
};

/// Where the focus goes within a list.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Step {
    Previous,
    Next,
    First,
    Last,
}

impl Step {
    /// The step that a key asks for in a list that runs downwards.
    pub fn downwards(key: &str) -> Option<Self> {
        match key {
            "ArrowUp" => Some(Self::Previous),
            "ArrowDown" => Some(Self::Next),
            "Home" => Some(Self::First),
            "End" => Some(Self::Last),
            _ => None,
        }
    }

    /// The step that a key asks for in a row.
    pub fn sideways(key: &str) -> Option<Self> {
        match key {
            "ArrowLeft" => Some(Self::Previous),
            "ArrowRight" => Some(Self::Next),
            _ => Self::downwards(key).filter(|step| matches!(step, Self::First | Self::Last)),
        }
    }

    fn target(self, present: Option<usize>, n: usize) -> usize {
        match (self, present) {
            (Self::First, _) | (Self::Next, None) => 0,
            (Self::Last, _) | (Self::Previous, None) => n - 1,
            (Self::Next, Some(index)) => (index + 1).min(n - 1),
            (Self::Previous, Some(index)) => index.saturating_sub(1),
        }
    }
}

/// The element with this id, emptied: the portal's own place in the page.
pub fn mount_point(id: &str) -> Option<HtmlElement> {
    let element = document()?.get_element_by_id(id)?;
    element.set_text_content(None);
    element.dyn_into().ok()
}

pub fn set_title(title: &str) {
    if let Some(document) = document() {
        document.set_title(title);
    }
}

pub fn title() -> String {
    document().map(|document| document.title()).unwrap_or_default()
}

/// Another tab is in front, or the window is out of sight.
pub fn is_hidden() -> bool {
    document().is_some_and(|document| document.hidden())
}

/// Moves the focus to the first element that matches, without scrolling there.
pub fn focus(selector: &str) -> bool {
    let found = document().and_then(|document| document.query_selector(selector).ok().flatten());
    found.is_some_and(|element| focus_element(&element))
}

/// Whether the focus is nowhere in particular: on the body, as after a change of page.
pub fn focus_is_lost() -> bool {
    document().is_none_or(|document| document.active_element().is_none_or(|element| element.tag_name() == "BODY"))
}

/// Moves the focus among the elements that match `selector` inside the element that the event's listener
/// is on. Answers whether it moved.
pub fn step_focus(event: &Event, selector: &str, step: Step) -> bool {
    let container = event.current_target().and_then(|target| target.dyn_into::<Element>().ok());
    let elements = container.map(|element| matching(&element, selector)).unwrap_or_default();
    if elements.is_empty() {
        return false;
    }
    let active = document().and_then(|document| document.active_element());
    let present = elements.iter().position(|element| active.as_ref() == Some(element));
    elements.get(step.target(present, elements.len())).is_some_and(focus_element)
}

/// Whether an event happened on an element that matches `selector`, or inside one.
pub fn is_within(event: &Event, selector: &str) -> bool {
    let target = event.target().and_then(|target| target.dyn_into::<Element>().ok());
    target.is_some_and(|element| element.closest(selector).ok().flatten().is_some())
}

/// The address within the portal to which a click leads away from the present page, if it leads to one.
pub fn followed_link(event: &MouseEvent) -> Option<String> {
    let is_plain =
        event.button() == 0 && !(event.ctrl_key() || event.meta_key() || event.shift_key() || event.alt_key());
    let target = event.target()?.dyn_into::<Element>().ok()?;
    let link = target.closest("a[href]").ok()??;
    let path = link.get_attribute("href")?;
    let stays = link.has_attribute("target") || !path.starts_with('/') || path.starts_with("//");
    (is_plain && !stays && !event.default_prevented()).then_some(path)
}

/// Scrolls as little as needed to show the element with this id.
pub fn reveal(id: &str) {
    if let Some(element) = document().and_then(|document| document.get_element_by_id(id)) {
        let options = ScrollIntoViewOptions::new();
        options.set_block(ScrollLogicalPosition::Nearest);
        element.scroll_into_view_with_scroll_into_view_options(&options);
    }
}

/// Whether a key press was meant for a field, a dialog or a shortcut of the browser rather than for the page.
pub fn is_meant_elsewhere(event: &KeyboardEvent) -> bool {
    let is_typed = is_within(event, "input, textarea, select, [contenteditable], dialog");
    is_typed || event.ctrl_key() || event.alt_key() || event.meta_key() || event.is_composing()
}

/// Path, query and fragment of the present address.
pub fn address() -> String {
    let Some(location) = window().map(|window| window.location()) else { return "/".to_owned() };
    let part = |part: Result<String, _>| part.unwrap_or_default();
    format!("{}{}{}", part(location.pathname()), part(location.search()), part(location.hash()))
}

/// A text as one value of a query.
pub fn encode_component(text: &str) -> String {
    js_sys::encode_uri_component(text).into()
}

/// What follows `#` in the address.
pub fn fragment() -> String {
    let hash = window().and_then(|window| window.location().hash().ok()).unwrap_or_default();
    hash.trim_start_matches('#').to_owned()
}

/// What follows `#` in the address, which does not show it any more: neither the screen nor the history keeps it.
pub fn take_fragment() -> String {
    let fragment = fragment();
    if let (false, Some(window)) = (fragment.is_empty(), window()) {
        let path = window.location().pathname().unwrap_or_default();
        let history = window.history();
        // A browser that refuses leaves the address as it is: the fragment never goes over the network.
        let _ = history.and_then(|history| history.replace_state_with_url(&JsValue::NULL, "", Some(&path)));
    }
    fragment
}

/// Loads a file that the server hands out to be saved: the page stays.
pub fn download(url: &str) {
    if let Some(window) = window() {
        // A path of this server is never refused.
        let _ = window.location().assign(url);
    }
}

/// Scrolls to the element with this id.
pub fn scroll_to(id: &str) {
    if let Some(element) = document().and_then(|document| document.get_element_by_id(id)) {
        element.scroll_into_view();
    }
}

pub fn reload() {
    if let Some(window) = window() {
        // A page that refuses to load again stays as it is.
        let _ = window.location().reload();
    }
}

fn matching(container: &Element, selector: &str) -> Vec<Element> {
    let Ok(nodes) = container.query_selector_all(selector) else { return Vec::new() };
    (0..nodes.length()).filter_map(|index| nodes.get(index)?.dyn_into().ok()).collect()
}

fn focus_element(element: &Element) -> bool {
    element.dyn_ref::<HtmlElement>().is_some_and(|element| element.focus().is_ok())
}

#[expect(clippy::disallowed_methods, reason = "the one place that asks for the window")]
pub(super) fn window() -> Option<Window> {
    web_sys::window()
}

pub(super) fn document() -> Option<Document> {
    window()?.document()
}
