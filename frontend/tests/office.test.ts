import { readdirSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { zh } from '@/i18n/zh'
import { PAGES, pagesFor } from '@/office/pages'
import { go, place, placeOf } from '@/office/place'

test('an address names a page of the office, or the board', () => {
  expect(placeOf('#/alliance')).toBe('alliance')
  expect(placeOf('#/alliance/chiefs')).toBe('alliance')
  for (const other of ['', '#', '#alliance', '#/', '#/../x', '#/7']) expect(placeOf(other)).toBe('')
  go('alliance')
  expect([window.location.hash, place.value]).toEqual(['#/alliance', 'alliance'])
  go('')
  expect(place.value).toBe('')
})

test('a page is seen by whoever has its verb', () => {
  expect(pagesFor([])).toEqual([])
  expect(pagesFor(PAGES.map((page) => page.verb))).toEqual(PAGES)
})

test('every page has its own address and a name', () => {
  expect(new Set(PAGES.map((page) => page.path)).size).toBe(PAGES.length)
  const name = (key: string) => key.split('.').reduce<unknown>((at, part) => (at as Record<string, unknown>)[part], zh)
  for (const page of PAGES) expect(name(page.title), page.title).toBeTypeOf('string')
})

test('words of pages stand in their own files', () => {
  const files = readdirSync(join(__dirname, '../src/i18n/pages')).map((f) => f.replace('.ts', ''))
  for (const file of files) expect(zh).toHaveProperty(file)
})
