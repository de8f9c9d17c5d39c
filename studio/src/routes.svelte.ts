/** Where in the studio one is: the part of the address after "#". */

const ROUTES = ["drive", "fleet", "episodes", "policies", "learn"] as const;
export type Route = (typeof ROUTES)[number];

/** `#/episodes/ID?step=12` is the route "episodes", rest "ID", and the query. */
export interface Place {
  readonly route: Route;
  readonly rest: string;
  readonly query: URLSearchParams;
}

function read(hash: string): Place {
  const [path, query = ""] = hash.replace(/^#\/?/, "").split("?");
  const [first, ...rest] = path.split("/");
  const route = ROUTES.find((one) => one === first) ?? "drive";
  return { route, rest: rest.map(decodeURIComponent).join("/"), query: new URLSearchParams(query) };
}

class Here {
  place = $state.raw<Place>(read(location.hash));

  constructor() {
    addEventListener("hashchange", () => {
      this.place = read(location.hash);
    });
  }
}

export const here = new Here();

/** Goes to another place of the studio. */
export function goTo(route: Route, query: Readonly<Record<string, string>> = {}): void {
  const text = new URLSearchParams(query).toString();
  location.hash = `#/${route}${text ? `?${text}` : ""}`;
}
