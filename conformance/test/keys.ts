/** Secret keys of the servers under test. */
export const DEV_KEY = "tr_dev_conformance-key";
export const PROD_KEY = "tr_prod_conformance-key";
