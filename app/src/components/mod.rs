//! Reusable parts of pages: properties in, callbacks out. They know nothing of rooms, logins or the server.

mod badge;
mod brand;
mod choices;
mod copy_field;
mod dialog;
mod drop_down;
mod field;
mod icon;
mod keyed_list;
mod picker;
mod reactive;
mod retry_button;
mod states;
mod submit_button;
mod switch;
mod tabs;
mod toaster;

pub use badge::{Badge, BadgeTone};
pub use brand::RingMark;
pub use choices::{Choice, Choices};
pub use copy_field::{Copied, CopyField, CopyWords};
pub use dialog::Dialog;
pub use drop_down::{DropDown, DropDownKind};
pub use field::{Field, LongField, NumberField, PasswordField};
pub use icon::{Icon, Symbol};
pub use keyed_list::{Entry, keyed_list};
pub use picker::{Picker, PickerOption, PickerPhase};
pub use reactive::{When, computed, effect};
pub use retry_button::RetryButton;
pub use states::{EmptyState, Notice, NoticeTone, Skeleton};
pub use submit_button::SubmitButton;
pub use switch::Switch;
pub use tabs::{Tab, Tabs};
pub use toaster::{Toaster, ToasterItem, ToasterTone};
