// The tenant's licenses by id, for names. Read once and shared; `refreshCatalog` after units may have moved.
import { get } from "../api.js";
import { useEffect } from "../lib.js";
import { Store } from "../store.js";

const catalog = new Store({ licenses: new Map(), loaded: false });
let reading = null;

export function refreshCatalog() {
  reading = get("licenses", { pageSize: 999 }).then(
    ({ value }) => catalog.set({ licenses: new Map(value.map((entry) => [entry.skuId, entry])), loaded: true }),
    () => {
      reading = null; // names are a comfort: the views that need licenses load them themselves and show the error
    },
  );
}

/** {name(skuId), plan(skuId, servicePlanId), licenses}; an unknown id is named as such, never bare. */
export function useCatalog() {
  const { licenses } = catalog.use();
  useEffect(() => {
    if (!reading) refreshCatalog();
  }, []);
  return {
    licenses,
    name: (skuId) => licenses.get(skuId)?.displayName ?? `Unknown product (${skuId})`,
    plan: (skuId, planId) =>
      licenses.get(skuId)?.servicePlans.find((plan) => plan.servicePlanId === planId)?.displayName ??
      `Unknown service (${planId})`,
  };
}
