use leptos::prelude::*;

/// What an icon shows. Every icon stands beside a word or inside a named control.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Symbol {
    Alert,
    ArrowLeft,
    ArrowRight,
    Bell,
    Call,
    Check,
    CheckCircle,
    ChevronDown,
    ChevronRight,
    Clock,
    Close,
    Copy,
    CrossCircle,
    Dash,
    Device,
    Display,
    Edit,
    End,
    Eye,
    EyeOff,
    FullScreen,
    FullScreenExit,
    Group,
    Help,
    Key,
    Keyboard,
    Lock,
    Moon,
    Pause,
    People,
    Person,
    Place,
    Plug,
    PlugOff,
    Plus,
    Refresh,
    Search,
    Shield,
    SignOut,
    Sun,
    System,
    Trash,
    Warning,
}

impl Symbol {
    /// Lines on a field of 20 by 20, drawn without filling.
    const fn path(self) -> &'static str {
        match self {
            Self::Alert => "M10 6v4.5M10 13.6v.1M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15Z",
            Self::ArrowLeft => "M16 10H4.5M9 5L4 10l5 5",
            Self::ArrowRight => "M4 10h11.5M11 5l5 5-5 5",
            Self::Bell => "M5 13.5V9a5 5 0 0 1 10 0v4.5l1.2 1.5H3.8L5 13.5ZM8.3 17.2h3.4",
            Self::Call => {
                "M3 6.5A1.5 1.5 0 0 1 4.5 5h7A1.5 1.5 0 0 1 13 6.5v7a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 3 13.5v-7ZM13 9l4-2.5v7L13 11"
            }
            Self::Check => "M4.5 10.5l3.6 3.6L15.5 6.5",
            Self::CheckCircle => "M6.8 10.2l2.3 2.3 4.2-4.6M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15Z",
            Self::ChevronDown => "M5.5 8l4.5 4.5L14.5 8",
            Self::ChevronRight => "M8 5.5l4.5 4.5L8 14.5",
            Self::Clock => "M10 5.8V10l2.8 1.8M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15Z",
            Self::Close => "M5.5 5.5l9 9M14.5 5.5l-9 9",
            Self::Copy => {
                "M7.5 7.5h7A1.5 1.5 0 0 1 16 9v6.5a1.5 1.5 0 0 1-1.5 1.5h-7A1.5 1.5 0 0 1 6 15.5V9a1.5 1.5 0 0 1 1.5-1.5ZM12.8 4.9A1.5 1.5 0 0 0 11.5 3.5h-6A1.5 1.5 0 0 0 4 5v6a1.5 1.5 0 0 0 1 1.4"
            }
            Self::CrossCircle => "M7.5 7.5l5 5M12.5 7.5l-5 5M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15Z",
            Self::Dash => "M6.5 10h7",
            Self::Device => {
                "M3 5.5A1.5 1.5 0 0 1 4.5 4h11A1.5 1.5 0 0 1 17 5.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 12.5v-7ZM3.5 17h13"
            }
            Self::Display => {
                "M3 4.5A1.5 1.5 0 0 1 4.5 3h11A1.5 1.5 0 0 1 17 4.5v7a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 11.5v-7ZM10 13v4M6.5 17h7"
            }
            Self::Edit => {
                "M4 16l.6-3.2L13.2 4.2a1.4 1.4 0 0 1 2 0l.6.6a1.4 1.4 0 0 1 0 2L7.2 15.4 4 16ZM11.8 5.6l2.6 2.6"
            }
            Self::End => "M6.2 4.8a6.5 6.5 0 1 0 7.6 0M10 2.8v7",
            Self::Eye => {
                "M2 10c1.8-3.3 4.5-5 8-5s6.2 1.7 8 5c-1.8 3.3-4.5 5-8 5s-6.2-1.7-8-5ZM10 7.5a2.5 2.5 0 1 0 0 5a2.5 2.5 0 0 0 0-5Z"
            }
            Self::EyeOff => {
                "M3.5 3.5l13 13M8.3 8.3a2.5 2.5 0 0 0 3.4 3.4M6 6.2C4.4 7 3.1 8.2 2 10c1.8 3.3 4.5 5 8 5 1.4 0 2.7-.3 3.9-.8M9 5.05C9.3 5 9.7 5 10 5c3.5 0 6.2 1.7 8 5-.5 1-1.2 1.8-1.9 2.5"
            }
            Self::FullScreen => "M3.5 7.5v-4h4M12.5 3.5h4v4M16.5 12.5v4h-4M7.5 16.5h-4v-4",
            Self::FullScreenExit => "M7.5 3.5v4h-4M16.5 7.5h-4v-4M12.5 16.5v-4h4M3.5 12.5h4v4",
            Self::Group => "M3.5 3.5h5v5h-5v-5ZM11.5 3.5h5v5h-5v-5ZM3.5 11.5h5v5h-5v-5ZM11.5 11.5h5v5h-5v-5Z",
            Self::Help => {
                "M7.9 7.8a2.15 2.15 0 1 1 3.2 1.9c-.7.4-1.1.8-1.1 1.6M10 13.8v.1M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15Z"
            }
            Self::Key => "M12.5 3.5a4 4 0 1 0 .01 0ZM9.6 10.3L3.5 16.5M5.5 14.5l2 2",
            Self::Keyboard => {
                "M2.5 6A1.5 1.5 0 0 1 4 4.5h12A1.5 1.5 0 0 1 17.5 6v8a1.5 1.5 0 0 1-1.5 1.5H4A1.5 1.5 0 0 1 2.5 14V6ZM6 8h.1M8.7 8h.1M11.3 8h.1M14 8h.1M6.5 12h7"
            }
            Self::Lock => "M5 9.5h10v6.5a1 1 0 0 1-1 1H6a1 1 0 0 1-1-1V9.5ZM7 9.5V6.5a3 3 0 0 1 6 0v3",
            Self::Moon => "M16.5 11.8A6.8 6.8 0 0 1 8.2 3.5a6.8 6.8 0 1 0 8.3 8.3Z",
            Self::Pause => "M10 2.5a7.5 7.5 0 1 0 0 15a7.5 7.5 0 0 0 0-15ZM8.2 7.5v5M11.8 7.5v5",
            Self::People => {
                "M7.5 4a2.7 2.7 0 1 0 .01 0ZM2.5 16c0-2.8 2.2-4.5 5-4.5s5 1.7 5 4.5M13 4.2a2.6 2.6 0 0 1 0 5M14.5 11.8c1.9.6 3 2.1 3 4.2"
            }
            Self::Person => "M10 3.2a3.4 3.4 0 1 0 .01 0ZM3.5 17c.6-3.5 3-5.2 6.5-5.2s5.9 1.7 6.5 5.2",
            Self::Place => "M10 17.5s-5.5-4.9-5.5-9a5.5 5.5 0 0 1 11 0c0 4.1-5.5 9-5.5 9ZM10 6.5a2 2 0 1 0 .01 0Z",
            Self::Plug => "M7 3v4M13 3v4M5 7h10v2.5a5 5 0 0 1-10 0V7ZM10 14.5V17.5",
            Self::PlugOff => {
                "M7 3v4M13 3v4M8.5 7H15v2.5c0 .9-.2 1.7-.6 2.4M12.5 13.8A5 5 0 0 1 5 9.5V7M10 14.5v3M3 3l14 14"
            }
            Self::Plus => "M10 4.5v11M4.5 10h11",
            Self::Refresh => "M16 10a6 6 0 1 1-1.7-4.2L16 7.5M16 3.8v3.7h-3.7",
            Self::Search => "M9 3.5a5.5 5.5 0 1 0 .01 0ZM13 13l3.7 3.7",
            Self::Shield => "M10 2.8l6 2.2v4.5c0 3.7-2.4 6.3-6 7.7-3.6-1.4-6-4-6-7.7V5l6-2.2ZM7.3 9.9l2 2 3.5-3.8",
            Self::SignOut => "M12 3.5H5.5A1.5 1.5 0 0 0 4 5v10a1.5 1.5 0 0 0 1.5 1.5H12M8.5 10H17M14 7l3 3-3 3",
            Self::Sun => {
                "M10 6.7a3.3 3.3 0 1 0 .01 0ZM10 2v1.8M10 16.2V18M2 10h1.8M16.2 10H18M4.3 4.3l1.3 1.3M14.4 14.4l1.3 1.3M15.7 4.3l-1.3 1.3M5.6 14.4l-1.3 1.3"
            }
            Self::System => {
                "M3 5.5A1.5 1.5 0 0 1 4.5 4h11A1.5 1.5 0 0 1 17 5.5v6a1.5 1.5 0 0 1-1.5 1.5h-11A1.5 1.5 0 0 1 3 11.5v-6ZM7 16.5h6"
            }
            Self::Trash => {
                "M3.5 5.5h13M8 5.5V3.8c0-.5.4-.8.8-.8h2.4c.4 0 .8.3.8.8v1.7M5 5.5l.7 10.2c0 .7.6 1.3 1.3 1.3h6c.7 0 1.3-.6 1.3-1.3L15 5.5"
            }
            Self::Warning => "M10 3.2L2.6 16.2h14.8L10 3.2ZM10 8.2v3.6M10 13.9v.1",
        }
    }
}

/// A small picture beside a word; nothing to assistive technology.
#[component]
pub fn Icon(symbol: Symbol) -> impl IntoView {
    view! {
        <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
            <path d=symbol.path()></path>
        </svg>
    }
}
