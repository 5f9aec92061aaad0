import { expect, test } from 'vitest'
import type { Annex } from '@/api/types'
import { fill, lineOf, monthsLater, termsOf } from '@/office/agreements/drafting'
import { active, grouped, stateOf } from '@/office/agreements/grouping'

const annex = (provider: string, consumer: string, more: Partial<Annex> = {}): Annex =>
  ({ id: provider + consumer, number: 1, provider, consumer, data: 'units', fields: ['lon'], purposes: ['command'], basis: 'b', masks: {}, state: 'active', forwarding: [], ...more }) as Annex
const PARTIES = ['a', 'b', 'c']
const all = (more: Partial<Annex> = {}): Annex[] => PARTIES.flatMap((p) => PARTIES.filter((c) => c !== p).map((c) => annex(p, c, more)))

test('annexes of each party to every other are one sentence', () => {
  const groups = grouped([...all(), ...all({ data: 'alerts' })], PARTIES)
  expect(groups.map((g) => [g.terms.data, g.annexes.length, g.each])).toEqual([['units', 6, true], ['alerts', 6, true]])
})

test('what differs in one word is another sentence, and one pair less is not each to every other', () => {
  const [first, ...rest] = all()
  const groups = grouped([{ ...first!, delay_s: 60 } as Annex, ...rest], PARTIES)
  expect(groups.map((g) => [g.annexes.length, g.each])).toEqual([[1, false], [5, false]])
  expect(grouped([annex('a', 'b'), annex('b', 'a')], ['a', 'b'])[0]!.each).toBe(false) // two parties are named
})

test('a group is in the state all of it are in', () => {
  const [first, ...rest] = all()
  const [group] = grouped([{ ...first!, state: 'suspended' }, ...rest], PARTIES)
  expect([active(group!), stateOf(group!)]).toEqual([5, 'active'])
  expect(stateOf(grouped(all({ state: 'dormant' }), PARTIES)[0]!)).toBe('dormant')
})

test('months later is the same day, or the last of a shorter month', () => {
  expect([monthsLater('2026-01-31', 1), monthsLater('2026-03-01', 12), monthsLater('2024-02-29', 12)]).toEqual(['2026-02-28', '2027-03-01', '2025-02-28'])
})

test('a line of a template is sent as an annex of every field', () => {
  const line = lineOf({ data: 'alerts', purposes: ['assessment'], basis: 'b', delay_s: 3600, dormant: true, awakened_by: 'either' })
  expect(termsOf(line)).toEqual({
    data: 'alerts', provider: '*', consumer: '*', basis: 'b', frequency: 'live', precision_m: 0, dormant: true, awakened_by: 'either', fields: ['*'], purposes: ['assessment'], delay_s: 3600,
  })
})

test('open places of a text are filled, other braces stay', () => {
  expect(fill('{title}: {parties} {x}', 'T', ['a', 'b'], '1', '2')).toBe('T: a、b {x}')
})
