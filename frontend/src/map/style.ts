// The base map: drawn from our own zones alone. No tiles, no glyphs, nothing from outside the box.
import type { ExpressionSpecification, StyleSpecification } from 'maplibre-gl'

/** Zone kinds that have a colour of their own; anything else is drawn in grey. A kind's line pattern differs too. */
export const ZONE_COLOURS: Record<string, string> = {
  'lane-down': '#3f7fb0',
  'lane-up': '#3f7fb0',
  'deep-water': '#3f7fb0',
  'recommended-route': '#3f7fb0',
  separation: '#8f7fd0',
  dike: '#ff6b6b',
  'no-go': '#ff6b6b',
  restricted: '#ff8f6b',
  crossing: '#b79bff',
  precautionary: '#b79bff',
  turning: '#b79bff',
  anchorage: '#58c4b6',
  mooring: '#58c4b6',
  berth: '#58c4b6',
  service: '#58c4b6',
  'sand-ban': '#ffa552',
  'fishing-ban': '#f1da5f',
  'reserve-core': '#5fd38a',
  'reserve-buffer': '#5fd38a',
  'reserve-trial': '#5fd38a',
  intake: '#62c9ff',
  site: '#c9b18a',
  landfill: '#c9b18a',
  station: '#c9b18a',
  pit: '#ff8f6b',
  mine: '#ff8f6b',
  forest: '#7fbf6f',
}
export const OTHER_ZONE = '#8ea0b8'
export const WATER_KINDS = ['water', 'river', 'lake']
export const LANE_KINDS = ['lane-down', 'lane-up', 'deep-water', 'recommended-route']

const GROUND = '#0b1320'
const WATER = '#12273f'
const BANK = '#2b4a6d'

const byKind = (colours: Record<string, string>, other: string): ExpressionSpecification =>
  ['match', ['get', 'kind'], ...Object.entries(colours).flat(), other] as unknown as ExpressionSpecification

const isWater: ExpressionSpecification = ['in', ['get', 'kind'], ['literal', WATER_KINDS]]
const isLane: ExpressionSpecification = ['in', ['get', 'kind'], ['literal', LANE_KINDS]]
const isZone: ExpressionSpecification = ['all', ['!', isWater], ['!', isLane]]
const nothing = { type: 'FeatureCollection' as const, features: [] }

export const FONT = "'Noto Sans CJK SC','Noto Sans SC','PingFang SC','Microsoft YaHei',sans-serif"

export const zoneName = (lang: 'zh' | 'en'): ExpressionSpecification =>
  ['coalesce', ['get', `name_${lang}`], ['get', 'name_zh'], '']

export function nightStyle(lang: 'zh' | 'en'): StyleSpecification {
  const colour = byKind(ZONE_COLOURS, OTHER_ZONE)
  return {
    version: 8,
    sources: {
      zones: { type: 'geojson', data: nothing },
      chosen: { type: 'geojson', data: nothing },
      trail: { type: 'geojson', data: nothing },
      units: { type: 'geojson', data: nothing },
    },
    layers: [
      { id: 'ground', type: 'background', paint: { 'background-color': GROUND } },
      { id: 'water', type: 'fill', source: 'zones', filter: isWater, paint: { 'fill-color': WATER } },
      { id: 'bank', type: 'line', source: 'zones', filter: isWater, paint: { 'line-color': BANK, 'line-width': 1.2 } },
      { id: 'lanes', type: 'fill', source: 'zones', filter: isLane, paint: { 'fill-color': colour, 'fill-opacity': 0.12 } },
      {
        id: 'lane-edges', type: 'line', source: 'zones', filter: isLane,
        paint: { 'line-color': colour, 'line-opacity': 0.45, 'line-width': 1, 'line-dasharray': [8, 6] },
      },
      { id: 'zones', type: 'fill', source: 'zones', filter: isZone, paint: { 'fill-color': colour, 'fill-opacity': 0.16 } },
      {
        id: 'zone-edges', type: 'line', source: 'zones', filter: isZone,
        paint: { 'line-color': colour, 'line-width': 1.4, 'line-opacity': 0.9, 'line-dasharray': [3, 1.5] },
      },
      {
        id: 'chosen-zone', type: 'fill', source: 'chosen',
        paint: { 'fill-color': '#ff6b6b', 'fill-opacity': 0.22 },
      },
      {
        id: 'chosen-edge', type: 'line', source: 'chosen',
        paint: { 'line-color': '#ff8b8b', 'line-width': 2.5 },
      },
      {
        id: 'zone-names', type: 'symbol', source: 'zones', filter: isZone, minzoom: 9.5,
        layout: {
          'text-field': zoneName(lang), 'text-size': 12, 'text-font': ['Noto Sans CJK SC Regular'],
          'text-variable-anchor': ['top', 'bottom', 'left', 'right'], 'text-radial-offset': 2.4, 'text-max-width': 14,
        },
        paint: { 'text-color': '#d3dded', 'text-halo-color': GROUND, 'text-halo-width': 1.6 },
      },
      {
        id: 'trail-line', type: 'line', source: 'trail', filter: ['==', ['geometry-type'], 'LineString'],
        layout: { 'line-cap': 'round', 'line-join': 'round' },
        paint: { 'line-color': '#ffd27d', 'line-width': 2, 'line-opacity': 0.9 },
      },
      {
        id: 'trail-fixes', type: 'circle', source: 'trail', filter: ['==', ['geometry-type'], 'Point'],
        paint: {
          'circle-radius': ['case', ['get', 'last'], 4.5, 2.6], 'circle-color': '#ffd27d',
          'circle-stroke-color': GROUND, 'circle-stroke-width': 1,
        },
      },
      {
        id: 'unit-names', type: 'symbol', source: 'units',
        layout: {
          'text-field': ['get', 'name'], 'text-size': 12, 'text-font': ['Noto Sans CJK SC Regular'],
          'text-anchor': 'left', 'text-offset': [1.3, 0], 'text-optional': true,
        },
        paint: { 'text-color': ['get', 'colour'], 'text-halo-color': GROUND, 'text-halo-width': 1.8 },
      },
    ],
  }
}
