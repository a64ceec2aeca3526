// Which address shows what. Each page is a file of its own, loaded when it is wanted.

import { createRootRoute, createRoute, createRouter, lazyRouteComponent } from "@tanstack/react-router";
import { Failure, Missing } from "./failure";
import { fetched } from "./fetched";
import { Shell } from "./shell";

const root = createRootRoute({ component: Shell, notFoundComponent: Missing });

interface ModelSearch {
  /** The version that is shown; the latest one if it is left out. */
  version?: number;
}

const versionSearch = (search: Record<string, unknown>): ModelSearch => {
  const number = Number(search.version);
  return Number.isInteger(number) && number > 0 ? { version: number } : {};
};

const models = createRoute({
  getParentRoute: () => root,
  path: "/",
  validateSearch: (
    search: Record<string, unknown>,
  ): { q?: string; category?: string; sort?: string; status?: string } => ({
    ...(typeof search.q === "string" && search.q !== "" ? { q: search.q } : {}),
    ...(typeof search.category === "string" ? { category: search.category } : {}),
    ...(typeof search.sort === "string" ? { sort: search.sort } : {}),
    ...(typeof search.status === "string" ? { status: search.status } : {}),
  }),
  component: lazyRouteComponent(
    fetched(() => import("@/models/page")),
    "ModelsPage",
  ),
});

const model = createRoute({
  getParentRoute: () => root,
  path: "/models/$owner/$name",
  validateSearch: versionSearch,
  component: lazyRouteComponent(
    fetched(() => import("@/model/page")),
    "ModelPage",
  ),
});

const playground = createRoute({
  getParentRoute: () => model,
  path: "/",
  validateSearch: (search: Record<string, unknown>): { run?: string } =>
    typeof search.run === "string" && search.run !== "" ? { run: search.run } : {},
  component: lazyRouteComponent(
    fetched(() => import("@/playground/page")),
    "PlaygroundPage",
  ),
});

const overview = createRoute({
  getParentRoute: () => model,
  path: "/overview",
  component: lazyRouteComponent(
    fetched(() => import("@/model/overview")),
    "OverviewPage",
  ),
});

const code = createRoute({
  getParentRoute: () => model,
  path: "/code",
  component: lazyRouteComponent(
    fetched(() => import("@/model/code")),
    "CodePage",
  ),
});

const versions = createRoute({
  getParentRoute: () => model,
  path: "/versions",
  validateSearch: (search: Record<string, unknown>): { from?: number; to?: number } => ({
    ...(Number.isInteger(search.from) ? { from: search.from as number } : {}),
    ...(Number.isInteger(search.to) ? { to: search.to as number } : {}),
  }),
  component: lazyRouteComponent(
    fetched(() => import("@/model/versions")),
    "VersionsPage",
  ),
});

const predictions = createRoute({
  getParentRoute: () => root,
  path: "/predictions",
  validateSearch: (search: Record<string, unknown>): PredictionSearch => ({
    ...(typeof search.status === "string" ? { status: search.status } : {}),
    ...(typeof search.model === "string" && search.model !== "" ? { model: search.model } : {}),
    ...(typeof search.since === "string" ? { since: search.since } : {}),
    ...(search.everyone === true ? { everyone: true } : {}),
  }),
  component: lazyRouteComponent(
    fetched(() => import("@/predictions/page")),
    "PredictionsPage",
  ),
});

/** The filters of the list of predictions: `since` is such as "1h", `status` one or several with commas. */
export interface PredictionSearch {
  status?: string;
  model?: string;
  since?: string;
  everyone?: boolean;
}

const prediction = createRoute({
  getParentRoute: () => root,
  path: "/predictions/$id",
  component: lazyRouteComponent(
    fetched(() => import("@/predictions/one")),
    "PredictionPage",
  ),
});

const now = createRoute({
  getParentRoute: () => root,
  path: "/now",
  component: lazyRouteComponent(
    fetched(() => import("@/now/page")),
    "NowPage",
  ),
});

const settings = createRoute({
  getParentRoute: () => root,
  path: "/settings",
  component: lazyRouteComponent(
    fetched(() => import("@/settings/page")),
    "SettingsPage",
  ),
});

const settingsPart = createRoute({
  getParentRoute: () => settings,
  path: "/$part",
  component: lazyRouteComponent(
    fetched(() => import("@/settings/part")),
    "SettingsPart",
  ),
});

const signIn = createRoute({
  getParentRoute: () => root,
  path: "/sign-in",
  validateSearch: (search: Record<string, unknown>): { next?: string } =>
    typeof search.next === "string" ? { next: search.next } : {},
  component: lazyRouteComponent(
    fetched(() => import("@/signin/page")),
    "SignInPage",
  ),
});

const tree = root.addChildren([
  models,
  model.addChildren([playground, overview, code, versions]),
  predictions,
  prediction,
  now,
  settings.addChildren([settingsPart]),
  signIn,
]);

export const router = createRouter({
  routeTree: tree,
  defaultErrorComponent: Failure,
  defaultPreload: "intent",
  scrollRestoration: true,
});

declare module "@tanstack/react-router" {
  interface Register {
    router: typeof router;
  }
}
