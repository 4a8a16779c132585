//! Small and capital letters of every script. The browser knows them; the tables of Rust would make the portal larger.

use js_sys::JsString;

pub fn small(text: &str) -> String {
    JsString::from(text).to_lower_case().into()
}

pub fn capital(text: &str) -> String {
    JsString::from(text).to_upper_case().into()
}
