//! Passkeys, as far as the browser has them.

use js_sys::{JSON, Object, Promise, Reflect};
use wasm_bindgen::prelude::wasm_bindgen;
use wasm_bindgen::{JsCast as _, JsValue};
use wasm_bindgen_futures::JsFuture;

#[wasm_bindgen]
extern "C" {
    #[wasm_bindgen(js_namespace = PublicKeyCredential, js_name = parseCreationOptionsFromJSON, catch)]
    fn creation_options(json: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = PublicKeyCredential, js_name = parseRequestOptionsFromJSON, catch)]
    fn request_options(json: &JsValue) -> Result<JsValue, JsValue>;

    #[wasm_bindgen(js_namespace = ["navigator", "credentials"], js_name = create, catch)]
    fn create_credential(options: &JsValue) -> Result<Promise, JsValue>;

    #[wasm_bindgen(js_namespace = ["navigator", "credentials"], js_name = get, catch)]
    fn get_credential(options: &JsValue) -> Result<Promise, JsValue>;

    type Credential;

    #[wasm_bindgen(method, js_name = toJSON, catch)]
    fn to_json(this: &Credential) -> Result<JsValue, JsValue>;
}

/// Why a browser gave no passkey.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoPasskey {
    /// The person broke it off, took too long, or has none for this address: browsers do not tell which.
    NotAllowed,
    /// The authenticator has one for this account already.
    Known,
    /// The browser cannot.
    Unsupported,
}

/// Whether this browser has all that is needed.
pub fn are_supported() -> bool {
    let of = |object: &JsValue, name: &str| Reflect::get(object, &name.into()).ok().filter(JsValue::is_truthy);
    of(&js_sys::global(), "PublicKeyCredential").and_then(|class| of(&class, "parseCreationOptionsFromJSON")).is_some()
}

/// Lets an authenticator make a passkey; returns the JSON for the server.
pub async fn create(options: &str) -> Result<String, NoPasskey> {
    let options = JSON::parse(options).and_then(|json| creation_options(&json));
    answered(options, create_credential).await
}

/// Lets an authenticator use a passkey; returns the JSON for the server.
pub async fn get(options: &str) -> Result<String, NoPasskey> {
    let options = JSON::parse(options).and_then(|json| request_options(&json));
    answered(options, get_credential).await
}

async fn answered(
    options: Result<JsValue, JsValue>,
    ask: fn(&JsValue) -> Result<Promise, JsValue>,
) -> Result<String, NoPasskey> {
    let asked = options.and_then(|options| {
        let wrapped = Object::new();
        Reflect::set(&wrapped, &"publicKey".into(), &options)?;
        ask(&wrapped)
    });
    let credential = JsFuture::from(asked.map_err(reason)?).await.map_err(reason)?;
    let json = credential.unchecked_into::<Credential>().to_json().and_then(|json| JSON::stringify(&json));
    json.map(String::from).map_err(reason)
}

fn reason(error: JsValue) -> NoPasskey {
    let name = Reflect::get(&error, &"name".into()).ok().and_then(|name| name.as_string());
    match name.as_deref() {
        Some("NotAllowedError" | "AbortError") => NoPasskey::NotAllowed,
        Some("InvalidStateError") => NoPasskey::Known,
        _ => NoPasskey::Unsupported,
    }
}
