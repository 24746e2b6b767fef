export const VIEWS = ['data', 'experiment', 'brain', 'compare', 'learn'] as const
export type ViewName = (typeof VIEWS)[number]

export type Spot = { view: ViewName; id: string | null; params: Record<string, string> }

/** What is on screen, as the address says it: `#/compare/ID?metric=rmse`. Everything here can be linked and restored. */
export function parseHash(hash: string): Spot {
  const [path, query = ''] = hash.replace(/^#\/?/, '').split('?')
  const [view, id] = path.split('/').map(decodeURIComponent)
  return {
    view: (VIEWS as readonly string[]).includes(view) ? (view as ViewName) : 'data',
    id: id || null,
    params: Object.fromEntries(new URLSearchParams(query)),
  }
}

export function formatHash({ view, id, params }: Spot): string {
  const query = new URLSearchParams(params).toString()
  return `#/${view}${id ? `/${encodeURIComponent(id)}` : ''}${query ? `?${query}` : ''}`
}

/** The one router. `go` makes a step that Back undoes; `set` changes params of the same view in place. */
export class Place {
  private spot = $state.raw<Spot>(parseHash(typeof location === 'undefined' ? '' : location.hash))
  /** The last id and params of each view, so that the rail returns to what was on screen there. */
  private visited = new Map<ViewName, Spot>()

  readonly view = $derived(this.spot.view)
  readonly id = $derived(this.spot.id)
  readonly params = $derived(this.spot.params)

  constructor() {
    if (typeof window === 'undefined') return
    const follow = () => this.show(parseHash(location.hash))
    window.addEventListener('popstate', follow)
    window.addEventListener('hashchange', follow)
    this.show(this.spot)
  }

  go(view: ViewName, id: string | null = null, params: Record<string, string> = {}) {
    const spot = { view, id, params }
    if (formatHash(spot) !== formatHash(this.spot)) history.pushState(null, '', formatHash(spot))
    this.show(spot)
  }

  /** Where the rail leads: back to what was last seen in that view. */
  back(view: ViewName) {
    const last = this.visited.get(view)
    this.go(view, last?.id ?? null, last?.params ?? {})
  }

  /** Undefined removes a parameter. */
  set(params: Record<string, string | undefined>) {
    const all: Record<string, string> = {}
    for (const [key, value] of Object.entries({ ...this.spot.params, ...params })) {
      if (value !== undefined) all[key] = value
    }
    const spot = { ...this.spot, params: all }
    history.replaceState(null, '', formatHash(spot))
    this.show(spot)
  }

  private show(spot: Spot) {
    this.spot = spot
    this.visited.set(spot.view, spot)
  }
}
