// One door to the REST interface: session cookie, CSRF header, language, and errors a person can read.

/** What the server says when something does not go: `text` what is wrong, `next` what to do, in the asked language. */
export class Trouble extends Error {
  constructor(
    readonly status: number,
    readonly code: string,
    readonly text: string,
    readonly next: string,
    readonly retry_s = 0, // how long to wait, where the server says so
  ) {
    super(`${code}: ${text}`)
  }
}

export const TIMEOUT_MS = 15_000

let language: 'zh' | 'en' = 'zh'
let onSignedOut: () => void = () => undefined
let purpose = ''
let onPurposeNeeded: (choices: Choice[]) => Promise<string | null> = () => Promise.resolve(null)

/** A purpose the server would take. */
export interface Choice {
  code: string
  text: string
}

export function speak(lang: 'zh' | 'en'): void {
  language = lang
}

/** From now on every request says that it is for this purpose; '' says nothing. */
export function sendPurpose(code: string): void {
  purpose = code
}

/** Called when the server wants a purpose (428): answers with the one chosen, and the request is sent once more. */
export function whenPurposeNeeded(act: (choices: Choice[]) => Promise<string | null>): void {
  onPurposeNeeded = act
}

/** Called when the server no longer knows us (401 on anything but signing in). */
export function whenSignedOut(act: () => void): void {
  onSignedOut = act
}

export function cookie(name: string): string {
  for (const part of document.cookie.split('; ')) {
    const [key, value] = part.split('=', 2)
    if (key === name) return decodeURIComponent(value ?? '')
  }
  return ''
}

const WORDS = {
  zh: {
    offline: ['连不上本机服务。', '请检查网络；恢复后会自动续上，未提交的操作请重做。'],
    slow: ['服务 15 秒内没有答复。', '请稍候再试；若总是这样，请查看健康页。'],
    broken: ['服务的答复读不懂。', '请重试；若总是这样，请告诉管理员。'],
  },
  en: {
    offline: ['The service cannot be reached.', 'Check the network; the board reads on by itself, repeat what was not sent.'],
    slow: ['No answer within 15 seconds.', 'Try again in a moment; if it stays so, look at the health page.'],
    broken: ['The answer could not be read.', 'Try again; if it stays so, tell the administrator.'],
  },
} as const

function ours(status: number, code: 'offline' | 'slow' | 'broken'): Trouble {
  const [text, next] = WORDS[language][code]
  return new Trouble(status, code, text, next)
}

function readTrouble(answer: Response, body: unknown): Trouble {
  if (typeof body !== 'object' || body === null || !('code' in body)) return ours(answer.status, 'broken')
  const { code, text, next } = body as Record<string, unknown>
  const retry_s = Number(answer.headers.get('Retry-After') ?? 0) || 0
  return new Trouble(answer.status, String(code), String(text ?? ''), String(next ?? ''), retry_s)
}

async function ask(method: string, path: string, body?: unknown): Promise<Response> {
  const headers: Record<string, string> = { Accept: 'application/json', 'Accept-Language': language === 'zh' ? 'zh-CN' : 'en' }
  if (purpose) headers['X-Purpose'] = purpose
  if (body !== undefined) headers['Content-Type'] = 'application/json'
  if (method !== 'GET') headers['X-CSRFToken'] = cookie('csrftoken')
  try {
    return await fetch(path, {
      method,
      headers,
      body: body === undefined ? undefined : JSON.stringify(body),
      credentials: 'same-origin',
      cache: 'no-store',
      signal: AbortSignal.timeout(TIMEOUT_MS),
    })
  } catch (trouble) {
    throw ours(0, trouble instanceof DOMException && trouble.name === 'TimeoutError' ? 'slow' : 'offline')
  }
}

/** What `faults` of a 428 name. */
function choicesOf(body: unknown): Choice[] {
  const faults = (body as { faults?: { where: string; text: string }[] }).faults ?? []
  return faults.map((fault) => ({ code: fault.where, text: fault.text }))
}

async function call<T>(method: string, path: string, body?: unknown, again = true): Promise<T> {
  const answer = await ask(method, path, body)
  if (answer.status === 204) return undefined as T
  let read: unknown
  try {
    read = await answer.json()
  } catch {
    throw ours(answer.status, 'broken')
  }
  if (answer.ok) return read as T
  if (answer.status === 428 && again && (await onPurposeNeeded(choicesOf(read))) !== null) return call<T>(method, path, body, false)
  const trouble = readTrouble(answer, read)
  if (trouble.code === 'not_signed_in' && path !== '/api/session') onSignedOut()
  throw trouble
}

export const get = <T>(path: string): Promise<T> => call<T>('GET', path)
export const post = <T>(path: string, body: unknown = {}): Promise<T> => call<T>('POST', path, body)
export const remove = <T>(path: string): Promise<T> => call<T>('DELETE', path)
