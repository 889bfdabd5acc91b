// The one script of the approval page: it asks the passkey, and puts the answer into
// the form. What a statement's challenge is, it computes from what is shown, so that
// nothing else is signed (docs/spec/bytes.md, "Passkeys").
"use strict";

(() => {
  const utf8 = new TextEncoder();

  const toText = (bytes) =>
    btoa(String.fromCharCode(...new Uint8Array(bytes))).replaceAll("+", "-").replaceAll("/", "_").replaceAll("=", "");

  const toBytes = (text) =>
    Uint8Array.from(atob(text.replaceAll("-", "+").replaceAll("_", "/")), (c) => c.charCodeAt(0));

  const join = (...parts) => {
    const all = new Uint8Array(parts.reduce((n, p) => n + p.length, 0));
    let at = 0;
    for (const p of parts) {
      all.set(p, at);
      at += p.length;
    }
    return all;
  };

  const sha256 = async (bytes) => new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));

  const hex = (bytes) => Array.from(bytes, (b) => b.toString(16).padStart(2, "0")).join("");

  const shown = (id) => document.getElementById(id).textContent;

  // The challenge of a statement, after checking that its display is what is shown.
  const challengeOf = async (form) => {
    const text = shown(form.dataset.payload);
    if (form.dataset.display) {
      const display = "sha256:" + hex(await sha256(utf8.encode(shown(form.dataset.display))));
      if (JSON.parse(text).predicate.display !== display) {
        throw new Error("The statement is not of what is shown. Nothing was signed: load the page again.");
      }
    }
    const payload = utf8.encode(text);
    const type = "application/vnd.in-toto+json";
    const pae = utf8.encode(`DSSEv1 ${type.length} ${type} ${payload.length} `);
    return sha256(join(utf8.encode("deed/passkey/v1\0"), pae, payload));
  };

  const get = async (form, options) => {
    const challenge = form.dataset.payload ? await challengeOf(form) : toBytes(options.challenge);
    const c = await navigator.credentials.get({
      publicKey: {
        challenge,
        rpId: options.rpId,
        allowCredentials: [{ type: "public-key", id: toBytes(options.credential) }],
        userVerification: "required",
      },
    });
    return {
      rawId: toText(c.rawId),
      type: c.type,
      response: {
        authenticatorData: toText(c.response.authenticatorData),
        clientDataJSON: toText(c.response.clientDataJSON),
        signature: toText(c.response.signature),
      },
    };
  };

  const create = async (_, options) => {
    const c = await navigator.credentials.create({
      publicKey: {
        challenge: toBytes(options.challenge),
        rp: { id: options.rpId, name: "Deed" },
        user: { id: toBytes(options.user), name: options.name, displayName: options.name },
        pubKeyCredParams: [-7, -8, -257].map((alg) => ({ type: "public-key", alg })),
        authenticatorSelection: { residentKey: "preferred", userVerification: "required" },
        attestation: "none",
      },
    });
    return {
      rawId: toText(c.rawId),
      type: c.type,
      response: {
        attestationObject: toText(c.response.attestationObject),
        clientDataJSON: toText(c.response.clientDataJSON),
      },
    };
  };

  const reason = (error) => {
    switch (error.name) {
      case "NotAllowedError":
        return "The passkey did not answer: it was cancelled, took too long, or is not on this device. Nothing was signed.";
      case "InvalidStateError":
        return "This device has a passkey for this already.";
      case "SecurityError":
        return "The browser does not let this page use the passkey: it belongs to another address.";
      case "Error":
        return error.message;
    }
    return "The browser could not ask the passkey (" + error.name + "). Nothing was signed.";
  };

  const say = (form, text) => {
    const p = form.querySelector("[role=alert]");
    p.textContent = text;
    p.hidden = false;
  };

  const submit = async (event) => {
    event.preventDefault();
    const form = event.currentTarget;
    const button = form.querySelector("button");
    form.querySelector("[role=alert]").hidden = true;
    if (!window.PublicKeyCredential) {
      say(form, "This browser has no passkeys.");
      return;
    }
    button.disabled = true;
    try {
      const ask = form.dataset.passkey === "create" ? create : get;
      const answer = await ask(form, JSON.parse(form.dataset.options));
      form.elements.answer.value = JSON.stringify(answer);
      form.submit();
    } catch (error) {
      button.disabled = false;
      say(form, reason(error));
    }
  };

  for (const form of document.querySelectorAll("form[data-passkey]")) {
    form.addEventListener("submit", submit);
  }
  // A page that comes back from memory is as it was: its buttons work again.
  window.addEventListener("pageshow", () => {
    for (const button of document.querySelectorAll("form[data-passkey] button")) {
      button.disabled = false;
    }
  });
})();
