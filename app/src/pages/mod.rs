//! One file or folder per route. Pages fetch; what a page says stands at its top, in `text`.

mod address;
mod confirm;
mod copying;
mod enrolment;
mod guard;
mod header;
mod heading;
mod help_session;
mod home;
mod message;
mod new_password;
mod not_found;
mod paged;
mod reach;
mod room;
mod room_words;
mod rooms;
mod settings;
mod setup;
mod sign_in;
mod theme_choice;
mod welcome;

pub use confirm::ConfirmItIsYou;
pub use guard::Guard;
pub use header::Header;
pub use heading::Navigated;
pub use help_session::HelpSession;
pub use home::Home;
pub use not_found::NotFound;
pub use room::RoomPage;
pub use rooms::RoomsPage;
pub use settings::SettingsPage;
pub use setup::SetupPage;
pub use sign_in::SignInPage;
pub use welcome::WelcomePage;
