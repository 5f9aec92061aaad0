// The map and everything drawn on it, without Vue: given values, it draws them.
import './setup'
import { LngLatBounds, Map as MapLibre, Marker, type GeoJSONSource, type LngLatBoundsLike } from 'maplibre-gl'
import type { Feature, FeatureCollection, Position } from 'geojson'
import type { Fix, Lang, Unit } from '@/api/types'
import { DEGREE, type Targets } from '@/live/decoder'
import { TargetLayer } from './layer'
import { agencyColour } from './looks'
import { Picker } from './pick'
import { FONT, nightStyle, zoneName } from './style'

const REACH_PX = 14 // how near to a target the pointer counts as on it
const CLOSE_ZOOM = 13
const FLY_MS = 900

export interface Goal {
  lon: number
  lat: number
  zone_id?: string
  fixes?: Fix[]
  grave?: boolean
}

export interface Hooks {
  loaded(): void
  hover(handle: number | null, x: number, y: number): void
  pick(handle: number | null): void
  /** A person moved the map by hand. */
  moved(): void
}

export class Scene {
  readonly map: MapLibre
  private readonly layer: TargetLayer
  private readonly picker: Picker
  private readonly marker: Marker
  private zones: FeatureCollection = { type: 'FeatureCollection', features: [] }
  private home: LngLatBoundsLike | null = null
  private ready = false
  private pointer: { x: number; y: number } | null = null

  constructor(
    container: HTMLElement,
    private readonly targets: Targets,
    private readonly hooks: Hooks,
    lang: Lang,
  ) {
    this.map = new MapLibre({
      container,
      style: nightStyle(lang),
      center: [115.9, 29.8],
      zoom: 9,
      minZoom: 4,
      maxZoom: 18,
      attributionControl: false,
      localIdeographFontFamily: FONT,
      dragRotate: false,
      pitchWithRotate: false,
      touchPitch: false,
      fadeDuration: 0,
      keyboard: false, // J, K, A … are the desk's
    })
    this.map.touchZoomRotate.disableRotation()
    this.layer = new TargetLayer(targets)
    this.picker = new Picker(targets)
    const pin = document.createElement('div')
    pin.className = 'map-pin'
    this.marker = new Marker({ element: pin })
    this.map.on('load', () => this.begin())
    for (const event of ['dragstart', 'wheel', 'dblclick'] as const) this.map.on(event, () => hooks.moved())
    this.map.on('mousemove', (e) => this.look(e.point.x, e.point.y))
    this.map.on('mouseout', () => this.leave())
    this.map.on('click', (e) => hooks.pick(this.at(e.point.x, e.point.y)))
  }

  remove(): void {
    this.map.remove()
  }

  resize(): void {
    this.map.resize()
  }

  private begin(): void {
    this.map.addLayer(this.layer, 'unit-names')
    this.ready = true
    this.give('zones', this.zones)
    if (this.home) this.map.fitBounds(this.home, { padding: 40, animate: false })
    this.hooks.loaded()
  }

  /** New positions, or time has passed. */
  draw(now: number): void {
    if (!this.ready) return
    this.layer.update(now)
    if (this.pointer) this.look(this.pointer.x, this.pointer.y)
  }

  drawUnits(units: Unit[], agencies: string[]): void {
    const t = this.targets
    const features: Feature[] = []
    for (const unit of units) {
      const h = unit.handle
      const live = h !== null && t.live[h] === 1
      const place: Position | null = live
        ? [t.lon[h]! / DEGREE, t.lat[h]! / DEGREE]
        : unit.lon !== null && unit.lat !== null ? [unit.lon, unit.lat] : null
      if (!place || unit.state === 'off') continue
      const colour = agencyColour(agencies.indexOf(unit.agency) + 1)
      features.push({ type: 'Feature', geometry: { type: 'Point', coordinates: place }, properties: { name: unit.call_sign, colour } })
    }
    this.give('units', { type: 'FeatureCollection', features })
  }

  drawZones(zones: FeatureCollection): void {
    this.zones = zones
    const bounds = boundsOf(zones.features)
    this.home = bounds
    this.give('zones', zones)
    if (this.ready && bounds) this.map.fitBounds(bounds, { padding: 40, animate: false })
  }

  speak(lang: Lang): void {
    if (this.ready) this.map.setLayoutProperty('zone-names', 'text-field', zoneName(lang))
  }

  choose(handle: number | null): void {
    this.layer.chosen = handle
  }

  /** Marks a goal and its zone and trail; null clears. */
  mark(goal: Goal | null): void {
    const zone = goal?.zone_id ? this.zones.features.filter((f) => String(f.properties?.zone_id ?? f.id) === goal.zone_id) : []
    this.give('chosen', { type: 'FeatureCollection', features: zone })
    this.give('trail', trailOf(goal?.fixes ?? []))
    if (goal) {
      this.marker.getElement().classList.toggle('grave', goal.grave === true)
      this.marker.setLngLat([goal.lon, goal.lat]).addTo(this.map)
    } else {
      this.marker.remove()
    }
  }

  /** Goes to a goal: to all of its trail, but never closer than makes sense. */
  fly(goal: Goal): void {
    const bounds = new LngLatBounds([goal.lon, goal.lat], [goal.lon, goal.lat])
    for (const fix of goal.fixes ?? []) bounds.extend([fix.lon, fix.lat])
    this.map.fitBounds(bounds, { padding: 90, maxZoom: CLOSE_ZOOM, duration: FLY_MS })
  }

  flyHome(): void {
    if (this.home) this.map.fitBounds(this.home, { padding: 40, duration: FLY_MS })
  }

  view(): { centre: [number, number]; zoom: number } {
    const { lng, lat } = this.map.getCenter()
    return { centre: [lng, lat], zoom: this.map.getZoom() }
  }

  goBack(view: { centre: [number, number]; zoom: number }): void {
    this.map.easeTo({ center: view.centre, zoom: view.zoom, duration: FLY_MS })
  }

  private at(x: number, y: number): number | null {
    const here = this.map.unproject([x, y])
    const beside = this.map.unproject([x + REACH_PX, y])
    return this.picker.nearest(here.lng, here.lat, Math.abs(beside.lng - here.lng))
  }

  private look(x: number, y: number): void {
    this.pointer = { x, y }
    const handle = this.at(x, y)
    this.map.getCanvas().style.cursor = handle === null ? '' : 'pointer'
    this.hooks.hover(handle, x, y)
  }

  private leave(): void {
    this.pointer = null
    this.hooks.hover(null, 0, 0)
  }

  private give(source: string, data: FeatureCollection): void {
    if (this.ready) this.map.getSource<GeoJSONSource>(source)?.setData(data)
  }
}

function trailOf(fixes: Fix[]): FeatureCollection {
  const features: Feature[] = fixes.map((f, i) => ({
    type: 'Feature',
    geometry: { type: 'Point', coordinates: [f.lon, f.lat] },
    properties: { last: i === fixes.length - 1 },
  }))
  if (fixes.length > 1) {
    features.push({
      type: 'Feature',
      geometry: { type: 'LineString', coordinates: fixes.map((f) => [f.lon, f.lat]) },
      properties: {},
    })
  }
  return { type: 'FeatureCollection', features }
}

function boundsOf(features: Feature[]): LngLatBoundsLike | null {
  const bounds = new LngLatBounds()
  const extend = (part: unknown): void => {
    if (!Array.isArray(part)) return
    if (typeof part[0] === 'number') bounds.extend([part[0], Number(part[1])])
    else part.forEach(extend)
  }
  for (const { geometry } of features) if ('coordinates' in geometry) extend(geometry.coordinates)
  return bounds.isEmpty() ? null : bounds
}
