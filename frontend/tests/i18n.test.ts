import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { WORDED_KINDS } from '@/facts'
import { en } from '@/i18n/en'
import { zh } from '@/i18n/zh'

const SRC = join(__dirname, '../src')

function keys(tree: object, before = ''): string[] {
  return Object.entries(tree).flatMap(([k, v]) => (typeof v === 'string' ? [before + k] : keys(v as object, `${before}${k}.`)))
}
const text = (tree: object, key: string): string =>
  key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], tree) as string

const sources = readdirSync(SRC, { recursive: true, encoding: 'utf8' })
  .filter((f) => /\.(vue|ts)$/.test(f) && !/i18n.((zh|en)|pages.\w+)\.ts$/.test(f) && !f.endsWith('schema.d.ts'))
  .map((f) => readFileSync(join(SRC, f), 'utf8'))
const code = sources.join('\n')
const named = new Set([...code.matchAll(/\bt\(\s*['"]([\w.-]+)['"]/g)].map((m) => m[1]!))
const quoted = new Set([...code.matchAll(/['"`]([a-zA-Z_]+\.[\w.-]+)['"`]/g)].map((m) => m[1]!))
const groups = new Set(
  [...code.matchAll(/\bt\(\s*`([\w.]+)\.[\w]*\$\{/g), ...code.matchAll(/\bword\(\s*'([\w.]+)'/g)].map((m) => m[1]!),
)

test('both languages have the same keys', () => {
  expect(keys(en).sort()).toEqual(keys(zh).sort())
})

test('both languages ask for the same values', () => {
  const holes = (s: string) => [...s.matchAll(/\{(\w+)\}/g)].map((m) => m[1]).sort()
  for (const key of keys(zh)) expect(holes(text(en, key)), key).toEqual(holes(text(zh, key)))
})

test('no text is empty, no Chinese stands in the English texts but the name of the language', () => {
  for (const key of keys(zh)) {
    expect(text(zh, key).trim(), key).not.toBe('')
    if (key !== 'otherLanguage') expect(text(en, key), key).not.toMatch(/[\u4e00-\u9fff]/)
  }
})

test('every key the code names is there', () => {
  const known = new Set(keys(zh))
  expect([...named].filter((k) => !known.has(k))).toEqual([])
})

test('every key is used', () => {
  expect(keys(zh).filter((k) => !named.has(k) && !quoted.has(k) && !groups.has(k.slice(0, k.lastIndexOf('.'))))).toEqual([])
})

test('codes of the backend have words', () => {
  const backend = join(__dirname, '../../src/jiangdun')
  const states = readFileSync(join(backend, 'response/states.py'), 'utf8')
  const values = (klass: string): string[] => {
    const body = states.slice(states.indexOf(`class ${klass}(`)).split('\n\n\n')[0]!
    return [...body.matchAll(/= "(\w+)"/g)].map((m) => m[1]!)
  }
  for (const state of values('State')) expect(keys(zh), state).toContain(`state.${state}`)
  for (const duty of values('Duty')) expect(keys(zh), duty).toContain(`duty.${duty}`)
  for (const [, result] of states.slice(states.indexOf('RESULTS')).matchAll(/^ {4}"(\w+)": \(/gm)) {
    expect(keys(zh)).toContain(`result.${result}`)
  }
  const facts = readFileSync(join(backend, 'response/facts.py'), 'utf8') + readFileSync(join(backend, 'watch/facts.py'), 'utf8')
  const shown = [...facts.matchAll(/@fact\("([\w.]+)"/g)].map((m) => m[1]!).filter((k) => !NOT_IN_A_LOG.has(k))
  expect(shown.filter((k) => !WORDED_KINDS.includes(k))).toEqual([])
})

/** Facts about rules and limits are not about one alert or incident. */
const NOT_IN_A_LOG = new Set(['response.LimitSet', 'watch.RuleProposed', 'watch.RuleReleased', 'watch.RuleRetired', 'watch.SpoolLineRefused'])
