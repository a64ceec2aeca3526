// What is asked of the API about one model, beside what api/queries.ts has, and what changes it.

import { queryOptions, useMutation, useQueryClient } from "@tanstack/react-query";
import { api, ask, type Shapes } from "@/api/client";
import { model as modelOf } from "@/api/queries";

export const configuration = (owner: string, name: string, number: number) =>
  queryOptions({
    queryKey: ["version", owner, name, number, "configuration"],
    queryFn: ({ signal }) =>
      ask(
        api.GET("/v1/models/{owner}/{name}/versions/{number}/configuration", {
          params: { path: { owner, name, number: String(number) } },
          signal,
        }),
      ),
  });

/** What the setups of a version wrote, oldest first. */
export const setupLog = (owner: string, name: string, number: number) =>
  queryOptions({
    queryKey: ["version", owner, name, number, "logs"],
    queryFn: async ({ signal }) => {
      const params = { path: { owner, name, number: String(number) }, query: { page_size: 100 } };
      return ask(api.GET("/v1/models/{owner}/{name}/versions/{number}/logs", { params, signal }));
    },
  });

export const hardware = queryOptions({
  queryKey: ["hardware"],
  queryFn: async ({ signal }) =>
    (await ask(api.GET("/v1/hardware", { params: { query: { page_size: 100 } }, signal }))).items,
  staleTime: 60_000,
});

/** Who may run a restricted model. */
export const access = (owner: string, name: string) =>
  queryOptions({
    queryKey: ["model", owner, name, "access"],
    queryFn: async ({ signal }) => {
      const params = { path: { owner, name }, query: { page_size: 100 } };
      return (await ask(api.GET("/v1/models/{owner}/{name}/access", { params, signal }))).items;
    },
  });

/** Changes a model; only what is given changes. */
export function useChangeModel(owner: string, name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: (change: Partial<Shapes["ModelChange"]>) =>
      ask(
        api.PATCH("/v1/models/{owner}/{name}", {
          params: { path: { owner, name } },
          body: change as Shapes["ModelChange"],
        }),
      ),
    onSuccess: (changed) => {
      queries.setQueryData(modelOf(changed.owner.name, changed.name).queryKey, changed);
      return queries.invalidateQueries({ queryKey: ["models"] });
    },
  });
}

export function useDeleteModel(owner: string, name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: () => ask(api.DELETE("/v1/models/{owner}/{name}", { params: { path: { owner, name } } })),
    onSuccess: () => {
      queries.removeQueries({ queryKey: ["versions", owner, name] });
      return queries.invalidateQueries({ queryKey: ["models"] });
    },
  });
}

/** Puts a user on the access list, or takes one off it. */
export function useChangeAccess(owner: string, name: string) {
  const queries = useQueryClient();
  return useMutation({
    mutationFn: async ({ user, allowed }: { user: string; allowed: boolean }) => {
      const route = "/v1/models/{owner}/{name}/access/{user}";
      const params = { path: { owner, name, user } };
      await ask(allowed ? api.PUT(route, { params }) : api.DELETE(route, { params }));
    },
    onSuccess: () => queries.invalidateQueries({ queryKey: access(owner, name).queryKey }),
  });
}
