import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { get, post, sendPurpose, speak, Trouble, whenPurposeNeeded, whenSignedOut } from '@/api/http'

const calls: { path: string; init: RequestInit }[] = []
let answer: () => Response

beforeEach(() => {
  calls.length = 0
  document.cookie = 'csrftoken=abc'
  vi.stubGlobal('fetch', async (path: string, init: RequestInit) => {
    calls.push({ path, init })
    return answer()
  })
})
afterEach(() => vi.unstubAllGlobals())

const caught = async (ask: Promise<unknown>): Promise<Trouble> => {
  try {
    await ask
  } catch (trouble) {
    return trouble as Trouble
  }
  throw new Error('nothing went wrong')
}

test('a change carries the page token and the language, a reading no token', async () => {
  answer = () => new Response('{}')
  speak('en')
  await post('/api/x', { a: 1 })
  await get('/api/y')
  const [change, reading] = calls.map((c) => c.init.headers as Record<string, string>)
  expect([change!['X-CSRFToken'], change!['Accept-Language'], calls[0]!.init.body]).toEqual(['abc', 'en', '{"a":1}'])
  expect(reading!['X-CSRFToken']).toBeUndefined()
})

test('a refusal keeps what the server says, and how long to wait', async () => {
  answer = () =>
    new Response('{"code":"locked_out","text":"锁定","next":"请等候"}', { status: 429, headers: { 'Retry-After': '840' } })
  const trouble = await caught(post('/api/session', {}))
  expect([trouble.status, trouble.code, trouble.text, trouble.next, trouble.retry_s]).toEqual([429, 'locked_out', '锁定', '请等候', 840])
})

test('an answer that is no JSON, and no answer at all, are said in the language of the page', async () => {
  speak('en')
  answer = () => new Response('<html>', { status: 502 })
  expect((await caught(get('/api/x'))).code).toBe('broken')
  answer = () => {
    throw new TypeError('refused')
  }
  const offline = await caught(get('/api/x'))
  expect([offline.status, offline.code]).toEqual([0, 'offline'])
  expect(offline.text).toMatch(/^The service/)
  speak('zh')
  expect((await caught(get('/api/x'))).text).toMatch(/连不上/)
})

test('a session that has ended is told to the board, a refused sign-in is not', async () => {
  const ended = vi.fn()
  whenSignedOut(ended)
  answer = () => new Response('{"code":"not_signed_in","text":"","next":""}', { status: 401 })
  await caught(post('/api/session', {}))
  expect(ended).not.toHaveBeenCalled()
  await caught(get('/api/units'))
  expect(ended).toHaveBeenCalledOnce()
})

test('where a purpose is needed it is asked, sent, and the request repeated once', async () => {
  let asked: unknown
  const needed = '{"code":"purpose_needed","text":"","next":"","faults":[{"where":"rescue","text":"水上搜救"}]}'
  answer = () => (calls.length < 2 ? new Response(needed, { status: 428 }) : new Response('{"ok":true}'))
  whenPurposeNeeded((choices) => {
    asked = choices
    sendPurpose('rescue')
    return Promise.resolve('rescue')
  })
  expect(await get('/api/incidents/1')).toEqual({ ok: true })
  expect(asked).toEqual([{ code: 'rescue', text: '水上搜救' }])
  expect(calls.map((c) => (c.init.headers as Record<string, string>)['X-Purpose'])).toEqual([undefined, 'rescue'])
  whenPurposeNeeded(() => Promise.resolve(null))
  answer = () => new Response(needed, { status: 428 })
  expect((await caught(get('/api/incidents/2'))).code).toBe('purpose_needed')
  expect(calls.length).toBe(3)
  sendPurpose('')
})
