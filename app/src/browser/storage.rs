//! What this browser remembers of a person's choices. A browser that keeps nothing is fine.

use web_sys::Storage;

use super::page;

pub fn read(name: &str) -> Option<String> {
    storage()?.get_item(name).ok().flatten()
}

pub fn write(name: &str, value: &str) {
    if let Some(storage) = storage() {
        // Full or forbidden: the choice holds until the page is closed.
        let _ = storage.set_item(name, value);
    }
}

pub fn remove(name: &str) {
    if let Some(storage) = storage() {
        let _ = storage.remove_item(name);
    }
}

fn storage() -> Option<Storage> {
    page::window()?.local_storage().ok().flatten()
}
