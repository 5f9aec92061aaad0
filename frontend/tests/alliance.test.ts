import { expect, test } from 'vitest'
import { growth } from '@/office/alliance/growth'
import { belt, HEIGHT, ring, WIDTH } from '@/office/alliance/networks'
import { partOf } from '@/office/place'

const step = (on: string, count: number) => ({ on, count, came: [], went: [] })
const member = (agency: string) => ({ agency, role: 'joined', seat: agency, joined_on: '2021-03-01', since_on: '2021-03-01', version: 1 })

test('members over time are a step for each day on which their number changed', () => {
  const drawn = growth([step('2021-03-01', 7), step('2022-03-01', 10)], '2023-03-01', 100, 50)!
  expect(drawn.dots.map((d) => d.count)).toEqual([7, 10])
  expect(drawn.dots[1]!.x).toBeCloseTo(50, 0)
  expect(drawn.dots[1]!.y).toBe(0)
  expect(drawn.path).toMatch(/^M0 15H50V0H100$/)
})

test('nobody, everybody gone and a founding of today can be drawn', () => {
  expect(growth([], '2023-03-01', 100, 50)).toBeNull()
  expect(growth([step('2023-03-01', 0)], '2023-03-01', 100, 50)!.dots[0]!.y).toBe(50)
  expect(growth([step('2024-03-01', 1)], '2023-03-01', 100, 50)!.path).toBe('M0 0H100')
})

test('members stand inside the drawing and not on each other', () => {
  for (const n of [1, 2, 5, 10, 30])
    for (const layout of [ring, belt]) {
      const nodes = layout(Array.from({ length: n }, (_, i) => member(`a${i}`)))
      expect(new Set(nodes.map((p) => `${p.x.toFixed(1)} ${p.y.toFixed(1)}`)).size).toBe(n)
      for (const p of nodes) expect(p.x > 0 && p.x < WIDTH && p.y > 0 && p.y < HEIGHT).toBe(true)
    }
})

test('an address names the part of a page', () => {
  expect(partOf('#/alliance/chiefs')).toBe('chiefs')
  for (const none of ['#/alliance', '#/alliance/', '', '#/alliance/7']) expect(partOf(none)).toBe('')
})
