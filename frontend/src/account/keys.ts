// Keys (WebAuthn) between the server's JSON and the browser: base64url on one side, bytes on the other.

type Json = Record<string, unknown>

/** Whether this page may use keys at all: a secure place, opened by a name. */
export function keysWork(): boolean {
  return window.isSecureContext && 'credentials' in navigator && 'PublicKeyCredential' in window && !/^[\d.[]/.test(location.hostname)
}

export function toBytes(text: string): Uint8Array<ArrayBuffer> {
  const plain = atob(text.replace(/-/g, '+').replace(/_/g, '/'))
  const bytes = new Uint8Array(plain.length)
  for (let i = 0; i < plain.length; i++) bytes[i] = plain.charCodeAt(i)
  return bytes
}

export function toText(bytes: ArrayBuffer): string {
  const plain = String.fromCharCode(...new Uint8Array(bytes))
  return btoa(plain).replace(/\+/g, '-').replace(/\//g, '_').replace(/=+$/, '')
}

const known = (list: unknown): PublicKeyCredentialDescriptor[] =>
  ((list ?? []) as Json[]).map((one) => ({ type: 'public-key', id: toBytes(String(one.id)) }))

/** Have a key made as the server's `options` ask; what the server wants to know of it. Null where nobody did. */
export async function make(options: Json): Promise<Json | null> {
  const user = options.user as Json
  const asked = {
    ...options,
    challenge: toBytes(String(options.challenge)),
    user: { ...user, id: toBytes(String(user.id)) },
    excludeCredentials: known(options.excludeCredentials),
  } as unknown as PublicKeyCredentialCreationOptions
  const made = await answered(() => navigator.credentials.create({ publicKey: asked }))
  if (!made) return null
  const response = made.response as AuthenticatorAttestationResponse
  return told(made, { attestationObject: toText(response.attestationObject) })
}

/** Have a key sign as the server's `options` ask. Null where nobody did. */
export async function sign(options: Json): Promise<Json | null> {
  const asked = {
    ...options,
    challenge: toBytes(String(options.challenge)),
    allowCredentials: known(options.allowCredentials),
  } as unknown as PublicKeyCredentialRequestOptions
  const made = await answered(() => navigator.credentials.get({ publicKey: asked }))
  if (!made) return null
  const response = made.response as AuthenticatorAssertionResponse
  return told(made, {
    authenticatorData: toText(response.authenticatorData),
    signature: toText(response.signature),
    userHandle: response.userHandle ? toText(response.userHandle) : null,
  })
}

async function answered(ask: () => Promise<Credential | null>): Promise<PublicKeyCredential | null> {
  try {
    return (await ask()) as PublicKeyCredential | null
  } catch (trouble) {
    if (trouble instanceof DOMException) return null // stopped, timed out, or this key is known already
    throw trouble
  }
}

function told(made: PublicKeyCredential, response: Json): Json {
  return {
    id: made.id,
    rawId: toText(made.rawId),
    type: made.type,
    response: { clientDataJSON: toText(made.response.clientDataJSON), ...response },
    clientExtensionResults: {},
  }
}
