import { expect, test } from 'vitest'
import { isBad, sentence, WORDED_KINDS, type Names } from '@/facts'

const names: Names = {
  agency: (code) => `agency ${code}`,
  result: (code) => `result ${code}`,
  clock: (code) => `clock ${code}`,
  source: (code) => `source ${code}`,
  unit: (id) => `unit ${id}`, secrecy: (code) => `L${code}`,
}
const body = {
  number: '20260901-360400-0001', call_sign: '演示治矿车1', agency: 'mine', source: 'phone', clock: 'sign', elapsed_s: 74.2,
  limit_s: 60, on_time: false, result: 'verified', ref: 'r-1', unit_id: 'u',
}

test.each(WORDED_KINDS)('%s is a sentence in both languages, with and without its values', (kind) => {
  for (const lang of ['zh', 'en'] as const) {
    for (const given of [body, {}]) {
      const said = sentence({ kind, body: given }, lang, names)
      expect(said).not.toBe('')
      expect(said).not.toMatch(/undefined|null|NaN|\[object/)
      expect(said).not.toBe(kind)
    }
    expect(/[\u4e00-\u9fff]/.test(sentence({ kind, body: { ...body, call_sign: 'x' } }, lang, names))).toBe(lang === 'zh')
  }
})

test('a kind without words is shown by its name', () => {
  expect(sentence({ kind: 'plans.PhaseEntered', body: {} }, 'zh', names)).toBe('plans.PhaseEntered')
})

test('a late clock is bad news, one on time is not', () => {
  expect(isBad('response.ClockMet', { on_time: false })).toBe(true)
  expect(isBad('response.ClockMet', { on_time: true })).toBe(false)
  expect(sentence({ kind: 'response.ClockMet', body }, 'zh', names)).toBe('clock sign用时 1:14，超过时限 1:00')
})
