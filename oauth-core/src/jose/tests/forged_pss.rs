//! The same of RSASSA-PSS, and RFC 8017 section 9.1.

/// Over `{"alg":"PS256"}` and the payload of the RFCs, the first one sound.
pub(super) const PSS: [(&str, &str); 24] = [
    (
        "sound",
        "ebZs_tHeAY49IolfZTwwABdl2cKjDWIg7lmWxI6FwzIMycCnsxvSoBKWDcAGl83wv-xnBOLcZH_eZEISr3jA6P9jOEk2c_OxXbT39u7f1IEq\
         uzcd5vYn2VzVITQDaPBzAkAA_Xi1Qnq5wuGUfWj_DE1DzffCo0vfRWk6hrQxhFpoO5j0sijCnjr00481HzEItaw6mQ5ZN7VoRCtKgdFsMRPj\
         VbMQsX7CxJNxzDgTSR1KkkLQwAZOd4-xN70KrTzmosWAiFDxrMdQ4BYhuOU2Ou36XRDlHT7FqSXkZjxT58qO3Z8A0ImHtjvjNdaW9v8dbWNO\
         BoQ2hmQTXvWOh6rxMw",
    ),
    (
        "no salt",
        "cMDnon9-kWOmWl3ENxyEIYFFJYZTPzSZAh5spERaclkKwJmvwMMNUMCbdMAak1TUhOHX2HHV0ImU0QgH8_r8sZKD_Ym2fIs6dyawyPikuwkH\
         N5FPlTLqEIx0GdKYUiIb7lezAXraCkMp8QFBKdBOWZFl1QBolOc9ZbPDcx7yGnGuXpJFdhvtmpxRQMMmti_YtxtYFtnynI8-tROWpUJY02C-\
         wx_xmySr86Q9PYQ64BsNZLHrW9LErNqvSDE7hd77ic8oRps8O2a3Sm1YizLj2jAXBktyainlOJgO0dcJz1X84nHJp7ySpc34rbN2LqbE8o2n\
         VA7ZARiWPphEIuqkYg",
    ),
    (
        "a salt of 20 bytes",
        "n6KTzQNXAFwjWd3v_zcS6YBWq6cuZN-Lo4dH_6IQ_HtX6ocxX9H2ePqpvn53H9zLD2cb20ne8Js6s_oDUHzDnBrGQVJCjSEPrAgNvsnBLmJ7\
         9qLvoGTiBOXysA8nnH17xdmRUHnOYNfm8WaMsht09TZfh5-gpM5R3W7TBMz98UcHvlnjZPOGxoKyy8MQivZqSq70XjPkMASbYTm5AkmZiQC9\
         c-_RsQuQG9Jkw4XlMS89U2QH6p8FnXphyJ9SAssCyxqSidyzDDQYneSi0sOOiR8If3_JK-3XfQgvMjQqiQbeZPIgXHN83OqYnUSuLi9N0Xpj\
         leL6qKwn0U3Kz34dFQ",
    ),
    (
        "a salt of 31 bytes",
        "ZDeZnm5G_w6nBc6gS5yxsGE0YtpVo4RHlFoueN-XOrmmd8u23_CP7_kividqZKUdmJ6pPYXzEqGog6fNJ1teFq60vJizFfnnrJRrfA0U3Rc1\
         vbw6cH67hdlBL30229T__2725QzRRdHtgQzGvwlm9Evqmj7ih3wc7NffixSp7yCz9lC6XTWSE03qZNszknR7b9NYAmPvbEi5rdV97eWlNUuw\
         Ep5xKPSueTrmV-lgMjfDLYBujYiO3ZzN5Kbbqos6BsTCnRh7lXAKbwn9q8XbPs6Id7ItEk80AR6odsE0OVhRKzW0euB_jM4MhHZpYtsJj8he\
         roVNOKSIKRqZxJ5lRg",
    ),
    (
        "a salt of 33 bytes",
        "XrsuQyTfEKsTGrTwVsu-9hN8OWPBB4LSyvFWOlOSWG1L1cVQYNMMNpmMZSF-cUXGp5tD5wqCfq3YaztMKAgi0TvcZXWMnr23GOvDzEVrwyZz\
         63J5lKiKhT00WpK0O9OHXZSyq-tkQhZ5qItWjdHcXFBOM_Noco4b5MhY0Qz0OyMLQhUr2GeA0aWpg1XslQcPISTaYdOqKs21QWuIVXY84Rst\
         snydblZPU3NuIky0HklYJP12jyDnOGnqpisUQXjAURnlbIyyQxVt6EfzN7kKYHLiK86rebknhfTR8bFfGXuuOvkcbOwdOg80auJxt0rsi1kr\
         uif2VVAbn-lJqynqlQ",
    ),
    (
        "a salt of 64 bytes",
        "b-4FpB2TwF0h3GUZnIPoSdOCKrSGFntDKRm-54AbHZ9uXMU4ERkiJwrMSY30O8Nq7VDbMB2uz1iIrz50oRI_Mq3-gs6AbVKEERgIMDBQyt6q\
         PwHOu1fmcGWaBv4pBH8bPshE0Ziufq_heqyo4NF-n9NjqLCgwVZIB8QSzQApqNoa5fckOrJgFgJErFN4f1ji_-faZTbwgIb22VRAbYiyz6Vy\
         1gDxEYwVIVi3KgDMCtrmgXMCw1LZ-ZbapWuVnWc7mxqf6NENWIuLIS1JoPSlqQsHD_ztGcpqkvNc0bEPFyZ7jOejQWy7efb0gfSNx_7yTIRn\
         cOk6ciVcmC3Jbhh-ig",
    ),
    (
        "the longest salt",
        "YRhkpT4XybM7ZCuMW2fWayGM2aa8sW2gMQC-CXiKTvRhyBHBpY8cofkKXi6kDriW1507vrMaa0YrBagmmWzkLhMMq97zaCqvrbDW0YfOEv6_\
         21hFMySnkVHZgh8Xk_r9QY-BggXh-1FWY5Y0HG0arM4vFCb_b3RcYUN68Z9HPiCd-q1hPy-8YhEepBua4kjaeggOkaLiHned7Vx44bMfPSwU\
         hc2cQbznw3yt1Hjm0sVabxfnQbbmX4WpDAssNMunramPu8Dv2ZzEyJx63zG4iY7739gyVDyDVFRC3pP_JgR4K3XGqhkF5JMoMCiVb5A5PDJt\
         nZEs_zHrD8Gfda5tMQ",
    ),
    (
        "another trailer",
        "iDzHzRgpL6X9vL0S91tQ5nbmcJJVix0EAMGO3FyE1qYbrcQz2q6K-LMkkgbRbt1jiortlH956g_Eepe9TxCyVbM-Qw37lktM2yHs5-UsoKPj\
         9ZACKf4g6QylaR2xim41RDDTBnDn7qOfo6H0u34cO0UmAenz_xXC416HMZoonBRinVHbgUBGVhXt3MvwE_CRkALHk8UBuiLFk25scZZOySnZ\
         dY9_q4bleqdfD6bwbwrPduJ03t8lYK4_c0PUJavh3y4G0TjyUkilwA_HdrKM9CAYSHIfJdjr3DnejZJG7GKFNAstMSkgRYI6qKZ5JfM4J6j2\
         Y9Tx-YPt1zxIFL2l4g",
    ),
    (
        "a trailer of zero",
        "ShJM8jGYmQQrIEa4AurG_ROVhlcWnOSWzlK_OiF-ugQ7vwUYJ3l8ExQN5IaT1DVlCgN2n8K6dxuSo54DV-kXQYEe5jiXMLN4V2pyWOXBwB7c\
         assCS5oII0XRnBLBRAldwahZGr40ACUBIOJCuYFcD9me9-ifcsexFySi8lU66hKFZKtN8wlPdW8GPtX38egmwEFaVE8A95UJxNTXAY_JqNZA\
         8aVelnqC1ZyMyYIlrq8PkJO_5pY59AHBkGJ8gogoGZVFDCWYDci1ML24EJPFKAj7NnyxiQYwwYcBLSRppuzcxVBX8gzwtP_J1m92o3fXP72h\
         TFFe5xajb9H2Vya2hQ",
    ),
    (
        "no one before the salt",
        "gWrXx_Xou2GTKdYIBDljbo9rdWWadUy6LZ_Sv9dH-q_rqo2AHz6KVdVeqQH8JaG1stU9FOfmlCuHKZAaxV4TKNtWRjPfv6a5BwpOv_qX1Na8\
         UpktlqFXempojDImcx2D8tFh6SZpDLJk-6wMznC5OSPTexUJVN2XZ9bF4898-LFsVcxQtRKCuMlwTB6qMRbXRl-2WqoNmXPNtX94bIAzxl5A\
         8871vnYSzxI5m4rhFqpFHJgD8KsEeXKNqbCMCMO1n4E14KNnqb2T7LKyURyck8TO63UI52AoCBeCnUPiBFzTqRu2d_yVKH1b1xprFkT4oDhF\
         3CNBhz24nP4ixpV8Dg",
    ),
    (
        "a two before the salt",
        "IxgD4z-h0xt3_NSmfDblm-9MdXbzbNA4digk8p_cgGPScCmwcbukoAIX8flj9B_eR2ugJEgkxhHszL6590stDaS44z_bFBv3JbQN0jWSmHxh\
         7TLx55ap_C-w07HJ8QT0-kE9dcNcFnfMeMrbhfCEmxnVIPzzJ4p-mPpqeKLY4E1JeYYhZ_z2_Ww-3l_2nEqhUoTktzIuQj0YIxMjM_uQlDac\
         lP6IhNdS-mCikALXRx-l64k8W7bkg8z5dgN5zCdk0FQKHFhOgYrweW2Sjooh21G1JpRwbAu8XXsZjWAZYpCXF7iejVgDZKCegUo6HrNOXx_q\
         iyDXDLHd5uBvTNZjhg",
    ),
    (
        "a byte in the padding",
        "LvE9CWTONfMZo4LEuQKIOS6dWNCP4Io2_1psbJ6oGwLADc3wsBEqTURRUYepCHd30ufbevwL-NbyvzLVwmGShM2TszjfscU8za70W9-TiV5_\
         jFpzvsuERWUrD-A59t8FELs76q5y6zLQJT35MKuhLQu7tsq2ixrpxfRbVZqF6qP-zB5VNtuefW0ZeucJfCH3Ra7q1AdSA65lXFJUCR1sLhLX\
         FM8rB-D9Y5L0EBuYYXxbTodAwbll1w2YancYmp6uyWDiK-srfJYIAu5xAK3eFzxrOWgsZMtN9-MnZMGp_yCNkB-y2xLRj13mAgkIRsNDGsJI\
         Phy7_0MMXAmR09Hmlg",
    ),
    (
        "a one in the middle of the padding",
        "KLQH0Zyh3NhhiAZ-SVgjabkk_DZYPvpUdsIifpjuAeUCCX3vivJavkZaD8hggE-8jW-NWsRX1W4s4aE1fREUnFCZEfpJ6_VnIu24R0ihLgFk\
         xevM4v96aYihMpzYZe1Y6wmKZ8-I4OSMUzUPuuxUawFU_nJkgu-SatAa7tPk6DWJ9YCko_Pmfc4dR-LQ7y5F6k78owZUWIxOcQa3VZKVPd46\
         6uzum3b2Pz8WaX9P8IBZRJ1fN2xxtnhoLKw2Pvg9NxKawE0czJuzrrAxrCxmm3g6DXaFCMbflvZ-uzB4TTYqrhMLKfLx8XOwhaYn52qrMSXp\
         sXJRCpxMbpWHuS2eFg",
    ),
    (
        "the first bit",
        "Qj8PcfbIuzLwGsrwKulftmXGDqfw1hUcRCiUoefKgGoZ6xJRtRQNPF65iAo1ya9Ax4C39MsH1_SJQNWSL5C0IHxJqGshQA8zHUHlJZSc3bOo\
         o8ofIGzSNYvCP28dkHabkUTMVipYJpuRKlPdZ3nVdye_z7IsdKVWYkiS7Fons3T_j0WnDN_DR4_hS99on0XAUv_PU8QIAYdr9sJBXG5kDjEH\
         f6qxFzGzDi5Bq9Ciyx9gLUFYdvu_vVidy2YQEg7a_utXg9kXQmIJbE8wakas1IWY3cxDTqVbxzJdiHUcvRClmPuKQw4DMLyxH8t_L16NBui9\
         gz7ofZOaZKvjs56GTA",
    ),
    (
        "a mask of SHA-1",
        "fAJ4IfTBOyJS7pIgEbVwSghPcUWYKZySj_0XE8V9WDNSWts2vxbGeY1huzgIr5tR_iTsJSgm9oPRSKXgWWBYsGONGDyzVc4ppU4FNPQxwU_A\
         KoQhhz82dlO4Jgy4_Mj2hQPyvvMcckIJzb5Y_pae_v3lxzB9QEEiDKhdERlGGtocnIijKMVoB-Brl1J_QVMbetSIjJm1KZIrOhUfRRqOLCcd\
         lhotN0EdgorOyejQ75lh-twBk5g9M4LSLXiNreJvrqsScKQ4k9O--Xim3aeISv2YnMaLoDiBeVlFbLG-FrHlC_BuVvxuKXNuhARfuDE428sY\
         XdGELMxXN0HoS23Cig",
    ),
    (
        "a mask of SHA-512",
        "S-gb5Qbb_XCqP7yEPwXJd0_ng--3Rud2YcoOaL2KbcTjBzUiklnFrxEta6gvj2qkyFO86GCTrRC4UB73bnC3aWgtoyCGheDEO5-rtL_Judm3\
         M9e17cp-q4zV6RsR8DYlibs-oTiZxB8pRAplQXFNF35_ezPc4TVKRCUQtz1EDQ2A26XD5bp_luqu2wc2xSUizVWxrZHxpc10s5vlU84G1Ksu\
         u_-_pMVB8v6cPCqW0emwS7ZtMcz0X8wHB8vMV0w3zrMsBb3miC2BCtx2q6SLv44yvGLP4e-DTBC6h-uS6sasvHCbOUKj4SIvb4ge9mL_YEpp\
         1ImsA5uF4rwck9EsqQ",
    ),
    (
        "SHA-512",
        "msXRmV86ivfursZbxhh6Svbbdrfkf_SzHzfVWYWpFjIzzkKHOEU4oNsvyrQOKNVCSpxFd7f0HH3bSj_Y0_EDLd7fS8uq7OeX0HAxrOaEJmQU\
         4sbLPuNW6kpAeM0ww2SGjS8TAgn10dk-S4nXy8HAwQPE4VcDkQcS_IbYWkN4XzQ6jA6tNpTwFnTx3gsLTSQBO6jk9e526Veh1Q7YCY3Tm-9l\
         6-nKVMHufB2N84IZ0TrFR965O8udupAoQDW_ANYSSuMQAcGFyy4QnIBo_04v17OIl1Z3evCY9-B4Hbp_MroOL-NWN1yvEedpuVnWEcgoy5BS\
         NBB1Vd1q7iCSEmp1OQ",
    ),
    (
        "SHA-1",
        "MC1Dnv1P96908d8nGpZM5mR67g9wGhtlQlRlZ69b0V_YmjDzRikCyZYUy6LKVFsDFgmbrMrIZNFqyzpPqizUDYpdy3KtQgg_VaOhJf5yIZwh\
         7e6cYcyum3TLOo6-1_rUj8ck9OhKYhm8KfI9eB6UZ4kb_kTAtDXBFu4c8FbjCQuG6AcXAZPqn_dSoalh0SBbOPaAff9eAife7r4j-xfWG0S0\
         tBdpyoehTG3HhhlvvNAGSy8vGZOFiUO4DgnOdNhR4rNYwQFpM7gc0JXhO7fXA8e0njJO2Eigw7HrzI7ytoaQtXoVET6Kl8vCqKwRtCUZuuVD\
         LKakwEAn2675QSPT7w",
    ),
    (
        "another prefix",
        "FwYZQvAGVBitLcDrDL38YqnwSpyhTenhwfivYD5tQS4uHrO7i_UbQvy7CUkr68-vVS_eYGMat7AoJ9hKnyQsYoxlLwHqLzGLdVLQSXdYTGYy\
         psAe4yAhCmguKPoOG9AmEsNCxKuT9QYz6JEbNt06KoDPuAWMTbhUiPPWS_GjpUnyQK85somOvV_crGbUkj1Ubdm2z7g7aFsX0pqs1vwhS7jL\
         LaIFnTx6ZpCNKNruake4ZlmHz9D8mApvx96QHWqtfyOLYKU-QR_Mk1sqhY0ziFfFKSFCdqOsYB8bD6h8IdCwXGvLtyIhHCgCneb5mOavlUmF\
         ph4E3tONt077NiO9Hg",
    ),
    (
        "no prefix",
        "hIn8m16EJaYMgaUsCMN1wNAHqqEPhSf6SlhKyoe3BdtVjeZ2k7axqCTV6C4ejVG8fXWDAmvCsmO1Bf1EIvw0X3SEEwUrzyFiZGsIg2ScPTwb\
         DJZuQVnG-8zQ0alCqHgFQSdgWrAWBO3fJmvpGrSCsSLzMzwq7vQ8Fva2OvNYMx1JazfhfDy8hw4EljiWdvRpTFG9mDK8qZYfjEDwfr9v1VjO\
         kR9-ZqeVvPE1wa_Nx-rzvjx6X2gogdQSmyZHZyHTtHIyyq2qif2PJJg7sVIs4AsKhUVUOatylVARDs-C7Xp9_Z43UHbOrVrYc_Ptv8cwfWMR\
         k9SiMYTGe1XzM48EqA",
    ),
    (
        "PKCS #1 v1.5",
        "itKGLrPs5-Zuk263wcfSVUteIfkW5WvfC0otozbY3NGY3G_3Ts0MNeLz9Z7tF3B2WTYQmyQRLlMRdHypxSoqUCkYjG2xzlaNaA-HpvRkKPXC\
         U7E9t4z57vtT1eipOPb4RJJSmo7NnsMQoIaBHZwhZoGa8JDKhvi5UtYnvsd7eTb-5JA3JnqXWcyJ-6v_wVUQ0b-FooYmeWhJSp3Qz-YrFUHP\
         eDy-hUOujDTTgQgoQaWTYNSmi-wAvHs3DLrWuq-3MTWcQ9s8bpPMoLQ9mTQpSoRFSeI27jjHuFbwV_Txx7WIqR2YxRmSU-wiz0ym-QOIiKqL\
         _HNUnVHUwXiBSRbv0g",
    ),
    (
        "PSS of the hash alone",
        "HQdyornavChJ2NZ-3VbTxZDfWrEPjCsXbkCg23Vfzf6EXfRt6hduwBhe7jDV824LHQGEHKAjbYhaOb3FDN_6CcnwCrH3fqKn3-WndGrZY_ZF\
         LfIh2Xn9kz6x9N_gEYdIid233gf2OvPX3h3hKhByVJcIc8gXWDXFxqr3Q0FircKFx-d1jNFdRnQhgZ5_gzQQdLxWhc6Hk2NkbiEHNRK7wUDr\
         o2TqZoHCGV7VQ_uV71U6uk9JLRy8JNGke4NKMwFWA512W344gV7-pvNkWAPetaf7FmMuHbO7csWCEi0R4B23ruLGRQ7LxZbqR91swWXlfBZu\
         EqllnhDYdTZcbvfmmA",
    ),
    (
        "sound with another salt",
        "NE1Q--1ZaNC5Wga-prXYvllpcLpbJINEhpSK6Khaan47ueBfLh7K2NhKcF9Sxh9EjSBaNaqCH6es7nbXYPlSyEFB-cKBCEHcN_K6ujWJXLeY\
         fYf5ziOhU2PdOo2p2d8BfSh4v5_TB_YZj8cpN28FsOB63iteItCwfnFtbhemvWkXDfPJqpcF4EF0lD5acfBzf_CMX2mKBTPumRZj1ep9UqC5\
         BeGCv-SdxlRM-92NCkumF_0SHKcXd-svXEzPoXHjGtMOEDtrqSVFhLtAhVg1vTp3uTn1xRdzxBSrKxPKriAdcGY8dUoCy04YLZWn5V24dPNM\
         v1rqjDPX0p2RVfDYvg",
    ),
    (
        "the same and the modulus",
        "1kVnBtA9MoUfKJPsDBg79IT77niFBnNo_pChDnTrC7UfRbmTxeSBwzwn53E5QpNuhncLMTURKEKJOeBgnbqGB5Uvydw5f8YBZ99MChoO1CDx\
         yXI8TvbNYrmcnSH47OKYOZcUnw6Q2rO891YV2DVup-Iua-tZW5jkq1Rr2z-hm7NxVmhhSGu_r9xTWQW1d3Wfq__rWA9LejeBkltMw08-Y2dv\
         TUIdZFzYsfC5lrTiO3v2e4iVgwOG52Wx_-M_y5FHNlXh_C2kyz6OpHHHDISM1C-CsW-DX6MQ29frnaNKNfi3iT85ILGwT6ckXGUdeJbusPpQ\
         DMpK-9H5svHoINbCXw",
    ),
];
